"""Where a subscriber begins to read."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Dict, Mapping, Optional, Union

from .errors import Error
from .topics import is_topic

#: A time, or how long ago: a number is seconds.
Since = Union[float, timedelta, datetime]


@dataclass(frozen=True)
class Start:
    """At most one of these; none of them is now."""

    #: At the oldest event that the broker still has.
    oldest: bool = False
    since_ns: Optional[int] = None
    #: So many events of each topic back.
    last: Optional[int] = None
    #: The first number wanted of each topic; topics not named begin at the oldest.
    numbers: Optional[Dict[str, int]] = None

    @property
    def is_now(self) -> bool:
        return not self.oldest and self.since_ns is None and self.last is None and self.numbers is None


def parse(start: Union[str, Mapping[str, int], None], since: Optional[Since], last: Optional[int]) -> Start:
    """From the arguments of a subscriber."""
    if sum(argument is not None for argument in (start, since, last)) > 1:
        raise Error("start, since and last contradict one another: give one of them")
    if since is not None:
        return Start(since_ns=_moment_ns(since))
    if last is not None:
        if type(last) is not int or last < 1:
            raise Error(f"last is {last!r}: it is a number of events, from 1")
        return Start(last=last)
    if start is None or start == "now":
        return Start()
    if start == "oldest":
        return Start(oldest=True)
    if not isinstance(start, Mapping):
        raise Error(f"start is {start!r}: it is 'now', 'oldest', or the first number wanted of each topic")
    for topic, number in start.items():
        if type(topic) is not str or not is_topic(topic) or type(number) is not int or number < 1:
            raise Error(f"start has {topic!r}: {number!r}: it is a topic and the first number wanted, from 1")
    return Start(numbers=dict(start))


def _moment_ns(since: Since) -> int:
    if isinstance(since, datetime):
        return max(0, int(since.timestamp() * 1e9))
    seconds = since.total_seconds() if isinstance(since, timedelta) else since
    if type(seconds) not in (int, float) or not seconds >= 0:
        raise Error(f"since is {since!r}: it is a datetime, or how long ago: a timedelta, or seconds")
    return max(0, time.time_ns() - int(seconds * 1e9))
