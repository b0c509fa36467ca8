"""The counters file of a publisher (`zevi/publisher_counters.h`), read without any of its code."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Dict

_HEAD = struct.Struct("=8s6I2Qq4Q256s")
_PAIR = struct.Struct("=2Q")
_VERSION = 1


@dataclass
class TopicCounts:
    """What a publisher's threads did with a topic, and what the broker answered."""

    published: int = 0
    dropped: int = 0
    acknowledged: int = 0
    invalid: int = 0


@dataclass
class CountersFile:
    """What one process counted in its file, by topic."""

    id: int
    pid: int
    name: str
    closed: bool
    incomplete: int
    topics: Dict[str, TopicCounts]


def read_counters_file(path: Path) -> CountersFile:
    """The counts as they are now: of a process that lives they may be some events apart."""
    data = path.read_bytes()
    (magic, version, topics_max, name_bytes, names_at, answers_at, threads_at, ident, pid, _started, topics, threads,
     incomplete, closed, name) = _HEAD.unpack_from(data)  # fmt: skip
    if magic != b"ZEVICNT\0" or version != _VERSION:
        raise ValueError(f"{path} is no counters file of version {_VERSION}")
    counts: Dict[str, TopicCounts] = {}
    for index in range(topics):
        at = names_at + index * name_bytes
        acknowledged, invalid = _PAIR.unpack_from(data, answers_at + index * _PAIR.size)
        topic = TopicCounts(acknowledged=acknowledged, invalid=invalid)
        for thread in range(threads):
            pair = _PAIR.unpack_from(data, threads_at + (thread * topics_max + index) * _PAIR.size)
            topic.published += pair[0]
            topic.dropped += pair[1]
        counts[data[at : at + name_bytes].rstrip(b"\0").decode("ascii")] = topic
    return CountersFile(ident, pid, name.rstrip(b"\0").decode(), bool(closed), incomplete, counts)
