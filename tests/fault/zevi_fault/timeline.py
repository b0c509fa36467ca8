"""What was done to the processes of a run, and when: it decides which losses the faults of the run can explain."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import Dict, List, Tuple

#: Of an interval whose end is not known yet.
_OPEN = 1 << 62


def now_us() -> int:
    return time.monotonic_ns() // 1000


@dataclass
class Timeline:
    """Times are microseconds of CLOCK_MONOTONIC."""

    #: How long an event may be under way from its publisher to a reader when nothing is the matter.
    lag_us: int = 5_000_000
    broker_kills: List[int] = field(default_factory=list)
    #: When the broker did not run, stood still, or could not be reached.
    broker_away: List[List[int]] = field(default_factory=list)
    #: When a worker stood still: what it held waited.
    workers_away: List[List[int]] = field(default_factory=list)
    #: When a reader did not run or stood still.
    readers_away: Dict[str, List[List[int]]] = field(default_factory=dict)

    def begin(self, intervals: List[List[int]]) -> None:
        if not intervals or intervals[-1][1] != _OPEN:
            intervals.append([now_us(), _OPEN])

    def end(self, intervals: List[List[int]]) -> None:
        if intervals and intervals[-1][1] == _OPEN:
            intervals[-1][1] = now_us()

    def note_broker_killed(self) -> None:
        self.broker_kills.append(now_us())

    def excuses(self, reader: str) -> "Excuses":
        """Of the run as it is so far."""
        return Excuses(self, reader)


class Excuses:
    """What can have been lost for one reader, and when."""

    def __init__(self, timeline: Timeline, reader: str) -> None:
        self._lag_us = timeline.lag_us
        self._kills = sorted(timeline.broker_kills)
        self._full = _merge(timeline.broker_away, timeline.lag_us)
        away = timeline.broker_away + timeline.workers_away + timeline.readers_away.get(reader, [])
        self._away = _merge(away, timeline.lag_us)

    def may_be_lost_with_broker(self, time_us: int) -> bool:
        """Whether an event that was published then can have been with a broker that was killed before the reader had it:
        all the time from then to the end of that broker it was under way, or somebody on its way was away."""
        next_kill = bisect_left(self._kills, time_us)
        if next_kill == len(self._kills):
            return False
        until = time_us + self._lag_us
        at = bisect_right(self._away, (until, _OPEN)) - 1
        if at >= 0:
            until = max(until, self._away[at][1])
        return until >= self._kills[next_kill]

    def may_be_dropped(self, time_us: int) -> bool:
        """Whether the ring can have been full then: the broker did not take anything in, or had not caught up yet."""
        at = bisect_right(self._full, (time_us, _OPEN)) - 1
        return at >= 0 and time_us <= self._full[at][1]


def _merge(intervals: List[List[int]], lag_us: int) -> List[Tuple[int, int]]:
    """In order, each longer by the time that it takes to catch up. Two belong together if an event that was delayed by the
    first can still be under way when the second begins."""
    merged: List[Tuple[int, int]] = []
    for begin, end in sorted(map(tuple, intervals)):
        if merged and begin <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end + lag_us)
        else:
            merged.append((begin, end + lag_us))
    return merged


def overlaps(interval: Tuple[int, int], others: List[Tuple[int, int]]) -> bool:
    return any(first <= interval[1] and interval[0] <= last for first, last in others)
