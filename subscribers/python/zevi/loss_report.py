"""Telling the broker what did not reach this subscriber."""

from __future__ import annotations

import os
import sys
from typing import Optional

import msgpack
import zmq

from . import endpoints
from .errors import Error
from .event import Lost

_LINGER_MS = 100
_RECONNECT_MS = 1000


class LossReport:
    """So that an operator sees it: what libzmq drops at a full queue is known to nobody else. A courtesy: it never waits,
    and what the broker does not take is not told. The connection is made at the first loss."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", runtime_dir: Optional[str]) -> None:
        self._context = context
        self._runtime_dir = runtime_dir
        self._socket: "Optional[zmq.Socket[bytes]]" = None

    def tell(self, lost: Lost) -> None:
        if lost.q_from is None or lost.where != "after broker":
            return
        request = {"cmd": "lost", "t": lost.topic, "q": lost.q_from, "n": lost.count, "src": _program(), "pid": os.getpid()}
        try:
            if self._socket is None:
                self._socket = self._connect()
            self._discard_answers()
            self._socket.send(msgpack.packb(request), zmq.NOBLOCK)
        except (Error, zmq.ZMQError):
            pass  # the caller is told of the loss itself

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close(_LINGER_MS)
            self._socket = None

    def _connect(self) -> "zmq.Socket[bytes]":
        endpoint = endpoints.ipc_endpoint(endpoints.runtime_dir(self._runtime_dir), "control")
        socket = self._context.socket(zmq.DEALER)
        socket.linger = _LINGER_MS
        socket.reconnect_ivl = _RECONNECT_MS
        socket.connect(endpoint)
        return socket

    def _discard_answers(self) -> None:
        assert self._socket is not None
        while self._socket.poll(0):
            self._socket.recv_multipart(zmq.NOBLOCK)


def _program() -> str:
    return (os.path.basename(sys.argv[0]) or "python")[:255] if sys.argv else "python"
