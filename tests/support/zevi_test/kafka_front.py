"""A door in front of a mock of Kafka, which knows neither TLS nor users itself."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from typing import Optional, Tuple

from .ports import free_port

_api_versions, _sasl_handshake = 18, 17
_unsupported_version = 35


def _read(peer: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        more = peer.recv(count - len(found))
        if not more:
            raise ConnectionError("ended")
        found += more
    return found


def _read_frame(peer: socket.socket) -> bytes:
    return _read(peer, struct.unpack(">i", _read(peer, 4))[0])


def _frame(body: bytes) -> bytes:
    return struct.pack(">i", len(body)) + body


class KafkaFront:
    """Passes on what it hears, once a client has shown a certificate or user and password (SASL PLAIN), if it has to.

    The broker says itself where it is; in its answers that becomes where the door is.
    """

    def __init__(
        self, servers: str, tls: Optional[ssl.SSLContext] = None, user: Optional[Tuple[str, str]] = None
    ) -> None:
        self.port = free_port()
        self.url = f"kafka://127.0.0.1:{self.port}"
        self._broker_port = int(servers.rpartition(":")[2])
        self._tls = tls
        self._user = user
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._open = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for one in self._open:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        broker = socket.create_connection(("127.0.0.1", self._broker_port))
        try:
            if self._tls is not None:
                peer = self._tls.wrap_socket(peer, server_side=True)
            self._open += [peer, broker]
            if self._user is not None:
                self._let_in(peer, broker)
            threading.Thread(target=self._answer, args=(broker, peer), daemon=True).start()
            while True:
                broker.sendall(_frame(_read_frame(peer)))
        except OSError:
            pass
        finally:
            peer.close()
            broker.close()

    def _answer(self, broker: socket.socket, peer: socket.socket) -> None:
        there, here = (struct.pack(">i", port) for port in (self._broker_port, self.port))
        try:
            while True:
                peer.sendall(_frame(_read_frame(broker).replace(there, here)))
        except OSError:
            pass

    def _let_in(self, peer: socket.socket, broker: socket.socket) -> None:
        """Up to the end of SASL. Of the versions that the broker says it knows only the oldest form is easily added to."""
        assert self._user is not None
        while True:
            request = _read_frame(peer)
            kind, version, number = struct.unpack_from(">hhi", request)
            if kind == _api_versions and version > 0:
                peer.sendall(_frame(struct.pack(">ihi", number, _unsupported_version, 0)))
            elif kind == _api_versions:
                broker.sendall(_frame(request))
                answer = _read_frame(broker)
                error, count = struct.unpack_from(">hi", answer, 4)
                peer.sendall(
                    _frame(
                        answer[:4] + struct.pack(">hi", error, count + 1) + answer[10:]
                        + struct.pack(">hhh", _sasl_handshake, 0, 0)
                    )
                )  # fmt: skip
            else:
                assert kind == _sasl_handshake
                peer.sendall(_frame(struct.pack(">ihih", number, 0, 1, 5) + b"PLAIN"))
                break
        _, user, password = _read_frame(peer).split(b"\0")
        if (user.decode(), password.decode()) != self._user:
            raise ConnectionError("not this user")
        peer.sendall(_frame(b""))
