"""A socket that looks for the broker again while it has none."""

from __future__ import annotations

import time
from typing import Dict, List, Optional

import zmq
from zmq.utils.monitor import recv_monitor_message

from . import endpoints
from .curve import Curve
from .errors import Error

_RECONNECT_MS = 50
_LOOK_AGAIN_SECONDS = 1.0


class Connection:
    """Connects ``socket``, made by the caller and not yet connected, to ``endpoint``, or to the socket ``name`` in the
    runtime directory, which is looked up again while there is no connection. To be used by the socket's thread."""

    def __init__(
        self,
        socket: "zmq.Socket[bytes]",
        name: str,
        runtime_dir: Optional[str],
        endpoint: Optional[str],
        curve: Optional[Curve] = None,
    ) -> None:
        self.socket = socket
        self._name = name
        self._runtime_dir = runtime_dir
        self._fixed = endpoint is not None
        self.endpoint = endpoint or self._look_up()
        socket.linger = 0
        socket.reconnect_ivl = _RECONNECT_MS
        if self.endpoint.startswith("tcp:"):
            # Over ipc the kernel tells when the peer is gone; over tcp nobody does.
            socket.heartbeat_ivl = 2000
            socket.heartbeat_timeout = 6000
        if curve is not None:
            curve.use(socket, self.endpoint)
        # inproc has no handshake to be told of.
        self.connected = self.endpoint.startswith("inproc:")
        self._routes: Dict[str, bool] = {}  # endpoints beside it, and whether they are, or were, connected
        self._left: List[str] = []  # that were beside it
        #: Counts connections, so that a reader can tell a new one. The first to a route is none.
        self.generation = 1 if self.connected else 0
        self._look_again_at = time.monotonic() + _LOOK_AGAIN_SECONDS
        self.monitor: "zmq.Socket[bytes]" = socket.get_monitor_socket(
            zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED
        )
        self.monitor.linger = 0
        try:
            socket.connect(self.endpoint)
        except zmq.ZMQError as error:
            self.close()
            raise Error(f"cannot connect to {self.endpoint}: {error}; check the endpoint") from None

    def _look_up(self) -> str:
        return endpoints.ipc_endpoint(endpoints.runtime_dir(self._runtime_dir), self._name)

    def refresh(self) -> None:
        """Takes notice of connections made and lost, and looks again for the broker if there is none."""
        while self.monitor.poll(0):
            message = recv_monitor_message(self.monitor)
            is_there = message["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED
            endpoint = message["endpoint"].decode(errors="replace")
            if endpoint in self._routes:
                self.generation += is_there and self._routes[endpoint]
                self._routes[endpoint] |= is_there
            elif endpoint not in self._left:
                self.connected = is_there
                self.generation += is_there
        now = time.monotonic()
        if self.connected or self._fixed or now < self._look_again_at:
            return
        self._look_again_at = now + _LOOK_AGAIN_SECONDS
        try:
            endpoint = self._look_up()
        except Error:
            return
        if endpoint != self.endpoint:
            self.socket.disconnect(self.endpoint)
            self.socket.connect(endpoint)
            self.endpoint = endpoint

    def follow_routes(self, endpoints: List[str]) -> None:
        """Connects to these beside the main endpoint, and to no others any more."""
        for endpoint in [known for known in self._routes if known not in endpoints]:
            del self._routes[endpoint]
            self._left.append(endpoint)
            self.socket.disconnect(endpoint)
        for endpoint in endpoints:
            if endpoint in self._routes:
                continue
            try:
                self.socket.connect(endpoint)
            except zmq.ZMQError:
                continue  # it stays silent, as one that nobody serves
            self._routes[endpoint] = False
            if endpoint in self._left:
                self._left.remove(endpoint)

    def close(self, linger_ms: int = 0) -> None:
        self.socket.disable_monitor()
        self.monitor.close()
        self.socket.close(linger_ms)
