"""What the numbers of arriving events say about those that did not arrive. No sockets, and the time is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Mapping, Optional, Tuple

#: A publisher sends again what was not acknowledged, within seconds of finding a broker; an hour covers a broker that
#: was away for long.
REMEMBERED_SECONDS = 3600.0


@dataclass
class Finding:
    """What is found when the events ``q`` to ``q + n - 1`` of a topic arrive."""

    gap_from: int = 0  # first q that is missing before them, 0 for none
    gap_to: int = 0  # last one
    lost_before: int = 0  # newly known to be lost before the broker
    known: int = 0  # that many of the first ones had arrived already


class TopicLedger:
    """The numbers of one topic."""

    def __init__(self) -> None:
        self._epoch = 0
        self._next_q = 0  # 0 until the topic has been seen
        self._lost_before: Optional[int] = 0  # None: where its count stands is not known yet
        # The highest p of each publisher. They are forgotten one to two hours after their last event, by dropping the
        # older dict whole.
        self._recent: Dict[int, int] = {}
        self._older: Dict[int, int] = {}
        self._turned: Optional[float] = None
        self._first_is_behind = False  # the first event to come may be later than _next_q

    def enter(self, epoch: int, q: int, n: int, lost_before: int) -> Finding:
        """``lost_before`` is the broker's count of events lost before it in this epoch. The first sight of a topic
        sets the base. So does the first in a new epoch, except that all that was lost before the broker in it is
        news."""
        finding = Finding()
        if self._next_q == 0:
            # Who sees a topic from its first event on can judge all that was lost; anyone else begins here.
            self._lost_before = 0 if q == 1 else lost_before
            self._next_q = q
            self._epoch = epoch
        elif self._epoch == 0:
            self._epoch = epoch
        elif epoch != self._epoch:
            self._lost_before = 0
            self._next_q = q
            self._epoch = epoch
        if q > self._next_q and self._first_is_behind:
            self._next_q = q
        self._first_is_behind = False
        if self._lost_before is None:
            self._lost_before = lost_before
        if q > self._next_q:
            finding.gap_from = self._next_q
            finding.gap_to = q - 1
        else:
            finding.known = min(n, self._next_q - q)
        self._next_q = max(self._next_q, q + n)
        if lost_before > self._lost_before:
            finding.lost_before = lost_before - self._lost_before
            self._lost_before = lost_before
        return finding

    def gap(self, epoch: int, q: int) -> Optional[Tuple[int, int]]:
        """First and last of the numbers that are missing before ``q``."""
        if self._next_q == 0 or self._first_is_behind or epoch != self._epoch or q <= self._next_q:
            return None
        return self._next_q, q - 1

    def begin(self, epoch: int, q: int) -> None:
        """The next event to be seen is ``q``. With epoch 0, of whichever epoch it then is."""
        self._lost_before = 0 if q == 1 or self._next_q else None
        self._epoch = epoch
        self._next_q = q

    def begin_at_or_behind(self, epoch: int, q: int) -> None:
        """No event before ``q`` is wanted; the first that comes may be a later one, without a gap."""
        self.begin(epoch, q)
        self._first_is_behind = True

    def catch_up_to(self, epoch: int, q: int) -> Optional[Tuple[int, int]]:
        """All that there is before ``q`` has been here. First and last number of what is missing."""
        if self._next_q == 0 or (epoch != self._epoch and self._epoch != 0):
            self.begin(epoch, q)
            return None
        self._epoch = epoch
        missing = None if self._first_is_behind else self.gap(epoch, q)
        self._next_q = max(self._next_q, q)
        self._first_is_behind = False
        return missing

    def is_in(self, epoch: int) -> bool:
        return self._next_q != 0 and self._epoch in (0, epoch)

    @property
    def next_q(self) -> int:
        """The number behind the last one seen; 0 if nothing is known of the topic."""
        return self._next_q

    def knows(self, publishers: Mapping[int, int]) -> None:
        """The highest number of each publisher that was here before."""
        self._recent.update(publishers)

    def repeats(self, publisher: int, p: int, count: int, now: float) -> int:
        """How many of the first of ``count`` events that the publisher numbered ``p``, ``p + 1``, ... were here before
        under any ``q``. A ``p`` of 0 means that they have no number."""
        if p == 0 or count == 0:
            return 0
        if self._turned is None:
            self._turned = now
        elif now - self._turned >= REMEMBERED_SECONDS:
            self._older, self._recent, self._turned = self._recent, {}, now
        highest = self._recent.get(publisher)
        if highest is None:
            highest = self._older.get(publisher, 0)
        self._recent[publisher] = max(highest, p + count - 1)
        return min(count, highest - p + 1) if highest >= p else 0


class Ledger:
    """The numbers of all topics of one subscriber."""

    def __init__(self) -> None:
        self._epoch: Optional[int] = None
        self._topics: Dict[str, TopicLedger] = {}

    def enter_epoch(self, epoch: int) -> Optional[int]:
        """The epoch before, if this is another one than that of the last message."""
        before, self._epoch = self._epoch, epoch
        return None if before is None or before == epoch else before

    @property
    def epoch(self) -> int:
        """Of the last message, 0 before the first."""
        return self._epoch or 0

    def positions(self) -> Dict[str, int]:
        """Of every topic of this epoch that was seen, the number behind the last one."""
        return {name: topic.next_q for name, topic in self._topics.items() if topic.is_in(self.epoch)}

    def topic(self, name: str) -> TopicLedger:
        ledger = self._topics.get(name)
        if ledger is None:
            ledger = self._topics[name] = TopicLedger()
        return ledger
