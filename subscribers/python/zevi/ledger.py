"""What the numbers of arriving events say about those that did not arrive. No sockets, and the time is given."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Deque, Dict, Iterable, Mapping, Optional, Tuple

from .publisher_numbers import PublisherNumbers

_EPOCHS_REMEMBERED = 64


@dataclass
class Finding:
    """What is found when the events ``q`` to ``q + n - 1`` of a topic arrive."""

    gap_from: int = 0  # first q that is missing before them, 0 for none
    gap_to: int = 0  # last one
    lost_before: int = 0  # newly known to be lost before the broker
    known: int = 0  # that many of the first ones had arrived already
    base: Optional[int] = None  # the broker's count of what was lost before it, from which on losses can be judged


class TopicLedger:
    """The numbers of one topic in one epoch, and those of its publishers."""

    def __init__(self, has_changed: bool = False) -> None:
        #: The number behind the last event seen; 0 until it is known.
        self.next_q = 0
        self.publishers = PublisherNumbers()
        self.publishers.has_changed = has_changed
        # The broker's count of events lost before it. None: where it stands is not known yet.
        self._lost_before: Optional[int] = 0 if has_changed else None
        self._first_is_behind = False  # the first event to come may be later than next_q
        self._is_unseen = True  # in any epoch

    def enter(self, q: int, n: int, lost_before: int) -> Finding:
        """``lost_before`` is the broker's count of events lost before it in this epoch. The first sight of a topic
        sets the base, unless it is the topic's first event, or the reader has seen an epoch before this one: then all that was
        lost in it is news."""
        finding = Finding()
        next_q = self.next_q
        if next_q == 0:
            next_q = q
            self._note_first(q)
        if q > next_q:
            if self._first_is_behind:
                next_q = q
            else:
                finding.gap_from = next_q
                finding.gap_to = q - 1
                self.publishers.note_lost_after(q - next_q)
        else:
            finding.known = min(n, next_q - q)
        self._first_is_behind = False
        self.next_q = max(next_q, q + n)
        if self._lost_before is None:
            self._lost_before = finding.base = lost_before
        elif lost_before > self._lost_before:
            finding.lost_before = lost_before - self._lost_before
            self._lost_before = lost_before
            self.publishers.note_lost_before(finding.lost_before)
        return finding

    def _note_first(self, q: int) -> None:
        was_unseen, self._is_unseen = self._is_unseen, False
        if q == 1 and was_unseen:
            self.publishers.is_whole = True
            if self._lost_before is None:
                self._lost_before = 0

    def gap(self, q: int) -> Optional[Tuple[int, int]]:
        """First and last of the numbers that are missing before ``q``."""
        if self.next_q == 0 or self._first_is_behind or q <= self.next_q:
            return None
        return self.next_q, q - 1

    def begin(self, q: int, may_be_behind: bool = False) -> None:
        """The next event to be seen is ``q``, or, if it may be behind, the first that comes from there on."""
        if self.next_q == 0:
            self._note_first(q)
        self.next_q = q
        self._first_is_behind = may_be_behind

    def restore(self, q: int, lost_before: Optional[int]) -> None:
        """As a cursor has it; 0 for a number that is not known."""
        self.next_q = q
        self._is_unseen = False
        if lost_before is not None:
            self._lost_before = lost_before

    def enter_epoch(self, next_q: int) -> None:
        """A new epoch begins, in which ``next_q`` is the next event to be seen; 0 if that is not known."""
        self.next_q = next_q
        self._lost_before = 0
        self._first_is_behind = False
        self.publishers.enter_epoch()

    def catch_up_to(self, q: int) -> Optional[Tuple[int, int]]:
        """All that there is before ``q`` has been here. First and last number of what is missing."""
        if self.next_q == 0:
            self.begin(q)
            return None
        missing = self.gap(q)
        if missing is not None:
            self.publishers.note_lost_after(missing[1] - missing[0] + 1)
        self.next_q = max(self.next_q, q)
        self._first_is_behind = False
        return missing


class Ledger:
    """The numbers of all topics of one subscriber."""

    def __init__(self) -> None:
        #: Of the last message, 0 before the first.
        self.epoch = 0
        #: Where all topics of this epoch stand is known: one that is new begins with its first event.
        self.knows_all = False
        self._has_changed = False
        self._left: Deque[int] = deque(maxlen=_EPOCHS_REMEMBERED)  # epochs that were left
        self._topics: Dict[str, TopicLedger] = {}
        self._goes_on = False
        self._ended: Optional[Mapping[str, int]] = None

    def restore_epoch(self, epoch: int, has_changed: bool, knows_all: bool) -> None:
        """As a cursor has it, behind its topics."""
        self.epoch = epoch
        self.knows_all = knows_all
        self._has_changed = has_changed
        for topic in self._topics.values():
            topic.publishers.has_changed = has_changed
            if knows_all and topic.next_q == 0:
                topic.begin(1)

    def enter_epoch(self, epoch: int, stored: Mapping[str, int]) -> Optional[int]:
        """The epoch before, if this is another one than that of the last message. ``stored`` are the positions that stored messages
        led to."""
        before = self.epoch
        if epoch == before:
            return None
        self.epoch = epoch
        if before == 0:
            return None
        self._has_changed = True
        self._left.append(before)
        if epoch in self._left:
            self._left.remove(epoch)
        for name, topic in self._topics.items():
            topic.enter_epoch(self._next_of(name, topic.next_q, stored))
        self._ended = None
        self.knows_all = self.knows_all and self._goes_on
        return before

    def begin_epoch(self, topics: Iterable[str]) -> None:
        """This epoch is to be read from its first event on."""
        self.knows_all = True
        for name in {*self._topics, *topics}:
            self.topic(name).begin(1)

    def _next_of(self, name: str, next_q: int, stored: Mapping[str, int]) -> int:
        """The number that a topic goes on with in the next epoch."""
        if not self._goes_on:
            return 0
        if self._ended is not None:
            return min(next_q, self._ended.get(name, 0) + 1)
        return stored.get(name, 1 if self.knows_all else 0)

    def number_on(self, goes_on: bool, ended: Optional[Mapping[str, int]] = None) -> None:
        """Whether numbers go on from one epoch to the next, as in a store that outlives its broker. ``ended`` has the last
        number of each topic in the epoch that is left next."""
        self._goes_on = goes_on
        self._ended = ended

    def pass_over(self, epoch: int) -> None:
        """Something of an epoch comes that is not entered."""
        if epoch not in self._left:
            self._left.append(epoch)

    def has_left(self, epoch: int) -> bool:
        """A message of this epoch comes late."""
        return epoch in self._left

    def positions(self) -> Dict[str, int]:
        """Of every topic that was seen in this epoch, the number behind the last one."""
        return {name: topic.next_q for name, topic in self._topics.items() if topic.next_q}

    def topic(self, name: str) -> TopicLedger:
        ledger = self._topics.get(name)
        if ledger is None:
            ledger = self._topics[name] = TopicLedger(self._has_changed)
            if self.knows_all:
                ledger.begin(1)
        return ledger
