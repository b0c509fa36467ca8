"""A DEALER socket that asks numbered questions."""

from __future__ import annotations

import itertools
from typing import Iterator, TypeVar

import zmq

Self = TypeVar("Self", bound="RawDealer")


class RawDealer:
    def __init__(self, endpoint: str, rcvhwm: int = 1000) -> None:
        self._context = zmq.Context()
        self.socket = self._context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.rcvhwm = rcvhwm
        self.socket.connect(endpoint)
        self._numbers: Iterator[int] = itertools.count(1)

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close(linger=0)
        self._context.term()
