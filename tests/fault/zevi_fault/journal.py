"""What a worker says of the events that it published: its journal and its counters file."""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List

from zevi_test.counters_file import read_counters_file

NOT_PUBLISHED, BEGUN, KEPT, UNWANTED, RING_FULL, OTHER = range(6)

_HEAD = struct.Struct("=8s3Q")
_UNIT_NS = 32


@dataclass
class Published:
    """The events 1, 2, 3 ... of one process in one topic."""

    outcomes: bytes
    #: When each was published, microseconds of CLOCK_MONOTONIC.
    times_us: "array[int]"
    #: How many of those kept the broker acknowledged, the first ones.
    acknowledged: int = 0
    invalid: int = 0


@dataclass
class Worker:
    """One process that published."""

    name: str
    id: int
    #: It ended by itself, and everything was acknowledged.
    closed: bool
    topics: Dict[str, Published]
    #: How long publishing took, in ns, and when it began, in us: of every event.
    durations: List[tuple] = field(default_factory=list)
    #: What does not agree between its journal and its counters.
    faults: List[str] = field(default_factory=list)


def topic_name(index: int) -> str:
    return f"E_FAULT_{index}"


def read_worker(name: str, journal: Path, counters: Path, with_durations: bool = False) -> Worker:
    """Of a process that is gone."""
    counts = read_counters_file(counters)
    worker = Worker(name, counts.id, counts.closed, {})
    with open(journal, "rb") as file:
        magic, pid, topics, capacity = _HEAD.unpack(file.read(_HEAD.size))
        if magic != b"ZEVIJRN\0" or pid != counts.pid:
            raise ValueError(f"{journal} is not the journal of process {counts.pid}")
        for index in range(topics):
            file.seek(_HEAD.size + index * capacity * 8)
            entries = _read_entries(file, capacity)
            if with_durations:
                worker.durations += [(entry >> 20, (entry >> 4 & 0xFFFF) * _UNIT_NS) for entry in entries]
            published = Published(bytes(e & 0xF for e in entries), array("q", (e >> 20 for e in entries)))
            worker.topics[topic_name(index)] = published
            topic = counts.topics.get(topic_name(index))
            if topic is None:
                continue
            published.acknowledged, published.invalid = topic.acknowledged, topic.invalid
            begun = published.outcomes.count(BEGUN)
            for what, said, counted in (
                ("kept", published.outcomes.count(KEPT), topic.published),
                ("dropped", published.outcomes.count(RING_FULL), topic.dropped),
            ):
                if not said <= counted <= said + begun:
                    worker.faults.append(f"{name}: {topic_name(index)}: {said} {what}, but its counters say {counted}")
    return worker


def _read_entries(file, capacity: int) -> "array[int]":
    """Up to the first event that was not published."""
    entries: "array[int]" = array("Q")
    while len(entries) < capacity:
        data = file.read(8 * min(65536, capacity - len(entries)))
        entries.frombytes(data)
        if not data or entries[-1] & 0xF == NOT_PUBLISHED:
            break
    end = len(entries)
    while end and entries[end - 1] & 0xF == NOT_PUBLISHED:
        end -= 1
    return entries[:end]
