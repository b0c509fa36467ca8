"""The log of a consumer: what it was handed, in order, and what it confirmed. Records of one size, written with one call each
time, so that what is in the file survives the process."""

from __future__ import annotations

import os
import struct
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, List, NamedTuple, Union

RECORD = struct.Struct("<2sHQQQQQQ")

#: Kinds of records.
START, EVENT, LOST, EPOCH, MISSING, CONFIRMING, CONFIRMED = b"st", b"ev", b"lo", b"ep", b"hm", b"co", b"OK"

#: Where events were lost, as `zevi.Lost` says it.
PLACES = ("after broker", "before broker", "with broker")


class Delivered(NamedTuple):
    topic: int
    id: int
    p: int
    q: int
    epoch: int
    n: int
    time_us: int


class Told(NamedTuple):
    """A mark: events of a topic that are lost. After the broker `first` and `last` are numbers q; with the broker they are
    numbers p of the publisher `id`; otherwise they are 0."""

    topic: int
    count: int
    place: str
    first: int
    last: int
    id: int


class Epoch(NamedTuple):
    before: int
    now: int


class Missing(NamedTuple):
    """The history that was asked for at the start was not to be had."""


Found = Union[Delivered, Told, Epoch, Missing]


@dataclass
class Stretch:
    """What came between two confirmations, or behind the last one before the process ended."""

    found: List[Found]
    #: "yes", "no" (it comes again after the next start), or "perhaps" (the process was killed while it confirmed).
    confirmed: str


def topic_index(topic: str) -> int:
    return int(topic.rpartition("_")[2])


class LogWriter:
    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._waiting = bytearray()
        self._put(START)
        self._write()

    def add(self, found: Any) -> None:
        """An event or a mark of the package `zevi`."""
        kind = type(found).__name__
        if kind == "Event":
            topic = topic_index(found.topic)
            self._put(EVENT, topic, found.id, found.p, found.q, found.epoch, found["n"])
        elif kind == "Lost":
            at_p = getattr(found, "p_from", None) is not None
            first, last = (found.p_from, found.p_to) if at_p else (found.q_from or 0, found.q_to or 0)
            place = PLACES.index(found.where)
            self._put(LOST, topic_index(found.topic), found.count, place, first, last, getattr(found, "id", None) or 0)
        elif kind == "EpochChanged":
            self._put(EPOCH, 0, found.before, found.now)
        elif kind == "HistoryMissing":
            self._put(MISSING)
        else:
            raise ValueError(f"what is {found!r}?")

    def confirming(self) -> None:
        self._put(CONFIRMING)
        self._write()

    def confirmed(self) -> None:
        self._put(CONFIRMED)
        self._write()

    def _put(self, kind: bytes, topic: int = 0, *numbers: int) -> None:
        padded = numbers + (0,) * (5 - len(numbers))
        self._waiting += RECORD.pack(kind, topic, *padded, time.monotonic_ns() // 1000)

    def _write(self) -> None:
        written = os.write(self._file, self._waiting)
        assert written == len(self._waiting)
        self._waiting.clear()


def read_stretches(path: Path) -> Iterator[Stretch]:
    """The log of a consumer over all its lives."""
    found: List[Found] = []
    confirming = False
    for kind, topic, *numbers in RECORD.iter_unpack(_whole_records(path)):
        if kind == EVENT:
            found.append(Delivered(topic, *numbers))
        elif kind == LOST:
            found.append(Told(topic, numbers[0], PLACES[numbers[1]], *numbers[2:5]))
        elif kind == EPOCH:
            found.append(Epoch(numbers[0], numbers[1]))
        elif kind == MISSING:
            found.append(Missing())
        elif kind == CONFIRMING:
            confirming = True
        else:
            if found:
                confirmed = "yes" if kind == CONFIRMED else "perhaps" if confirming else "no"
                yield Stretch(found, confirmed)
            found, confirming = [], False
    if found:
        yield Stretch(found, "perhaps" if confirming else "no")


def _whole_records(path: Path) -> bytes:
    data = path.read_bytes()
    return data[: len(data) // RECORD.size * RECORD.size]


class LogTail:
    """Follows a log that is being written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        #: The last event of each (id, topic).
        self.last: dict = {}
        self.events = 0

    def read(self) -> None:
        if not self._path.exists():
            return
        with open(self._path, "rb") as file:
            file.seek(self._offset)
            data = file.read()
        data = data[: len(data) // RECORD.size * RECORD.size]
        self._offset += len(data)
        for kind, topic, *numbers in RECORD.iter_unpack(data):
            if kind == EVENT:
                self.events += 1
                self.last[numbers[0], topic] = numbers[4]
