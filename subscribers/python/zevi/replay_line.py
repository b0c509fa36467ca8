"""The line to the broker's history: one question at a time, and the parts of its answer."""

from __future__ import annotations

import os
from typing import List, Optional, Union

import zmq

from . import endpoints, replay_wire, wire
from .curve import Curve
from .errors import Error
from .replay_wire import End, Question


class ReplayLine:
    """A DEALER socket, made at the first question. Broken parts of an answer are left out: what they held stays
    missing, and is told as missing."""

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        runtime_dir: Optional[str],
        endpoint: Optional[str],
        curve: Optional[Curve] = None,
    ) -> None:
        self._context = context
        self._runtime_dir = runtime_dir
        self._endpoint = endpoint
        self._curve = curve
        self._number = 0
        self.socket: "Optional[zmq.Socket[bytes]]" = None

    def ask(self, question: Question) -> None:
        """Raises ``Error`` if there is nobody to ask. Whatever comes of an earlier question is not looked at any more."""
        if self.socket is None:
            self.socket = self._connect()
        self._number += 1
        try:
            self.socket.send(question.encode(self._number), zmq.NOBLOCK)
        except zmq.Again:
            raise Error("the broker does not take a question to its history") from None

    def receive(self) -> "Union[List[bytes], End, None]":
        """The frames of a stored message as they were on `stream`, or the end of the answer, or None if nothing is
        there."""
        while self.socket is not None:
            try:
                frames: List[bytes] = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return None
            try:
                kind, number, fields = replay_wire.decode_head(frames[0])
                if number != self._number:
                    continue
                if kind == "stored" and len(frames) == 4:
                    return frames[1:]
                if kind == "end" and len(frames) == 1:
                    return replay_wire.decode_end(fields)
            except wire.WireError:
                continue
        return None

    def hang_up(self) -> None:
        """The next question goes over a new connection, to where the broker is then."""
        if self.socket is not None:
            self.socket.close(0)
            self.socket = None

    def _connect(self) -> "zmq.Socket[bytes]":
        endpoint = self._endpoint or endpoints.ipc_endpoint(endpoints.runtime_dir(self._runtime_dir), "replay")
        path = endpoint[len("ipc://"):]
        if endpoint.startswith("ipc://") and not os.path.exists(path):
            raise Error(f"there is no {path}: the broker is away, or has no history")
        socket = self._context.socket(zmq.DEALER)
        socket.linger = 0
        if self._curve is not None:
            self._curve.use(socket, endpoint)
        try:
            socket.connect(endpoint)
        except zmq.ZMQError as error:
            socket.close(0)
            raise Error(f"cannot connect to {endpoint}: {error}; check replay_endpoint") from None
        return socket
