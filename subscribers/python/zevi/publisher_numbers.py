"""What the numbers ``p`` of a topic's publishers say: which events were here before, and which were lost with a broker."""

from __future__ import annotations

from typing import Dict, Mapping, NamedTuple, Optional, Set, Tuple

#: A publisher sends again what was not acknowledged, within seconds of finding a broker; an hour covers a broker that
#: was away for long.
REMEMBERED_SECONDS = 3600.0


class Sight(NamedTuple):
    """What is found when events of one publisher arrive."""

    repeats: int  # that many of the first ones were here before
    lost_from: int  # first and last p that were lost with the broker, 0 for none
    lost_to: int


_NOTHING = Sight(0, 0, 0)


class _Told:
    """Numbers ``q`` that were told as lost, and that no gap of ``p`` has explained. They were nobody's who was seen behind
    them."""

    def __init__(self) -> None:
        self.count = 0
        self._seen: Set[int] = set()

    def add(self, count: int) -> None:
        # The older ones count no longer once somebody was seen behind them: better to tell twice than not at all.
        self.count = count if self._seen else self.count + count
        self._seen.clear()

    def take(self, publisher: int, gap: int) -> int:
        """How many of them may be in this publisher's gap."""
        if self.count == 0 or publisher in self._seen:
            return 0
        taken = min(gap, self.count)
        self.count -= taken
        return taken

    def note(self, publisher: int) -> None:
        if self.count:
            self._seen.add(publisher)

    def __contains__(self, publisher: int) -> bool:
        """It was seen behind them."""
        return publisher in self._seen


class PublisherNumbers:
    """The numbers of one topic. Publishers are forgotten one to two hours after their last event, by dropping the older
    dict whole.

    A gap in the numbers of a publisher within an epoch is told by ``q`` or by the count of what was lost before the broker.
    One between two epochs is what nobody else tells. What it shares with numbers ``q`` that were told as lost, behind the
    last event of that publisher, is taken off."""

    def __init__(self) -> None:
        #: The topic has been read from its first event on: nobody who is not known has been here.
        self.is_whole = False
        #: There was an epoch before this one.
        self.has_changed = False
        self._recent: Dict[int, int] = {}  # the highest p of each publisher, in this epoch
        self._older: Dict[int, int] = {}
        self._before: Dict[int, int] = {}  # of those not yet seen in this epoch
        self._before_turns = 0
        self._turned: Optional[float] = None
        self._told_before = _Told()  # in an earlier epoch: they are the first of a gap
        self._told = _Told()  # in this one: they are the last of it
        self._borrowed = 0  # taken off the gap of one publisher, and perhaps another's
        self._lost_before = 0  # told as lost before the broker in this epoch, and not found in a gap of p

    def restore(self, seen: Mapping[int, int], before: Mapping[int, int]) -> None:
        """The highest number of each publisher, as a cursor has them: in this epoch, and in earlier ones."""
        self._recent.update(seen)
        self._before.update(before)

    def enter_epoch(self) -> None:
        self._before.update(self._older)
        self._before.update(self._recent)
        self._older, self._recent = {}, {}
        self._before_turns = 0
        self._lost_before = self._borrowed = 0
        if self._told.count:
            self._told_before, self._told = self._told, _Told()
        self.has_changed = True

    def note_lost_after(self, count: int) -> None:
        """Numbers ``q`` were told as lost."""
        self._told.add(count)

    def note_lost_before(self, count: int) -> None:
        """Events were told as lost before the broker."""
        self._lost_before += count

    def take(self, publisher: int, p: int, count: int, now: float) -> Sight:
        """``count`` events arrive that the publisher numbered ``p``, ``p + 1``, ... A ``p`` of 0 means that they have no
        number."""
        if p == 0 or count == 0:
            return _NOTHING
        if self._turned is None:
            self._turned = now
        elif now - self._turned >= REMEMBERED_SECONDS:
            self._turn(now)
        lost_from = lost_to = 0
        highest = self._recent.get(publisher)
        if highest is None:
            highest = self._older.get(publisher)
        if highest is not None:
            if p > highest + 1:
                lost_from, lost_to = self._explain(publisher, highest + 1, p - 1)
        else:
            highest, lost_from, lost_to = self._meet(publisher, p)
        last = p + count - 1
        self._recent[publisher] = last if last > highest else highest
        self._told_before.note(publisher)
        self._told.note(publisher)
        if highest < p and not lost_from:
            return _NOTHING
        return Sight(min(count, max(0, highest - p + 1)), lost_from, lost_to)

    def _meet(self, publisher: int, p: int) -> Tuple[int, int, int]:
        """Its first events in this epoch: the highest number that was here before, and what is missing behind it."""
        highest = self._before.pop(publisher, 0)
        lost_from, lost_to = highest + 1, p - 1
        if highest == 0:
            if not self.is_whole:
                return 0, 0, 0
            if not self.has_changed:
                return 0, *self._explain(publisher, 1, p - 1)
            # As a new publisher, it may have begun with drops.
            lost_from += self._take_lost_before(lost_to)
        lost_from += self._told_before.take(publisher, max(0, lost_to - lost_from + 1))
        told = self._told.take(publisher, max(0, lost_to - lost_from + 1))
        self._borrowed += told
        lost_to -= told
        return (highest, lost_from, lost_to) if lost_from <= lost_to else (highest, 0, 0)

    def _turn(self, now: float) -> None:
        forgotten = self._older
        self._older, self._recent, self._turned = self._recent, {}, now
        self._before_turns += 1
        if self._before_turns >= 2 and self._before:
            forgotten = self._before
            self._before = {}
        if forgotten:
            self.is_whole = False

    def _explain(self, publisher: int, lost_from: int, lost_to: int) -> Tuple[int, int]:
        """A gap within an epoch was told otherwise, unless what was told of it was taken for that of another publisher."""
        lost_from += self._take_lost_before(lost_to - lost_from + 1)
        if publisher in self._told:
            return 0, 0
        lost_from += self._told.take(publisher, lost_to - lost_from + 1)
        count = min(self._borrowed, lost_to - lost_from + 1)
        self._borrowed -= count
        return (lost_to - count + 1, lost_to) if count else (0, 0)

    def _take_lost_before(self, gap: int) -> int:
        taken = min(gap, self._lost_before)
        self._lost_before -= taken
        return taken
