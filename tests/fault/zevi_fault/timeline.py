"""What was done to the processes of a run, and when: it decides which losses the faults of the run can explain."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Dict, List, Tuple

#: Nothing of an interval's end is known yet.
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

    def may_be_lost_with_broker(self, time_us: int, reader: str) -> bool:
        """Whether an event that was published then can have been with a broker that was killed before the reader had it:
        all the time from then to the end of that broker it was under way, or somebody on its way was away."""
        away = sorted(self.broker_away + self.workers_away + self.readers_away.get(reader, []))
        for kill in self.broker_kills:
            if time_us <= kill and self._under_way(time_us, away) >= kill:
                return True
        return False

    def may_be_dropped(self, time_us: int) -> bool:
        """Whether the ring can have been full then: the broker did not take anything in, or had not caught up yet."""
        return any(begin <= time_us <= end + self.lag_us for begin, end in self.broker_away)

    def _under_way(self, time_us: int, away: List[List[int]]) -> int:
        """Until when an event can be under way that is published then."""
        until = time_us + self.lag_us
        for begin, end in away:
            if begin <= until:
                until = max(until, end + self.lag_us)
        return until


def overlaps(interval: Tuple[int, int], others: List[Tuple[int, int]]) -> bool:
    return any(first <= interval[1] and interval[0] <= last for first, last in others)
