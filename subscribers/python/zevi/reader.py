"""From messages to events and losses: everything of a subscriber but its socket."""

from __future__ import annotations

import enum
import time
from collections import deque
from dataclasses import dataclass
from typing import Callable, Deque, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from . import wire
from .event import EpochChanged, Event, HistoryMissing, Lost
from .ledger import Ledger
from .topics import TopicFilter

Mark = Union[Lost, EpochChanged, HistoryMissing]


class Gap(NamedTuple):
    """Numbers that are missing before a message."""

    topic: str
    epoch: int
    q_from: int
    q_to: int


class Reached(NamedTuple):
    """Stands in ``found`` between events: all before these numbers of their topics has been handed out. For a cursor."""

    epoch: int
    next: Mapping[str, int]
    #: The broker's counts of what was lost before it, from which on losses are judged.
    lost_before: Mapping[str, int] = {}
    #: Whether a topic that is not named here had no event.
    is_all: bool = False


class Early(enum.Enum):
    """What is to be done before a message can be taken."""

    new_epoch = 1


@dataclass
class SubscriberStatistics:
    """What a subscriber has counted since it was made."""

    #: ZeroMQ messages received, batches or single events.
    messages: int = 0
    #: Events handed out or waiting to be.
    events: int = 0
    #: Those of them that came out of the broker's history.
    replayed: int = 0
    #: Messages of topics that only share a prefix with an exact one that was asked for.
    filtered: int = 0
    #: Events that the broker had and that are missing here.
    lost_after_broker: int = 0
    #: Events that never reached the broker.
    lost_before_broker: int = 0
    #: Events that ended with a broker that had not stored them, or that were dropped while there was none.
    lost_with_broker: int = 0
    #: Events that had been here before and were not handed out again.
    repeats: int = 0
    epoch_changes: int = 0
    #: How often the history could not be had.
    history_missing: int = 0
    #: Messages that were not what the broker's endpoint sends.
    malformed: int = 0
    #: Routes of the broker that do not answer now, as this program may not read them or cannot reach them: of their
    #: topics nothing comes.
    silent_routes: int = 0


class Reader:
    """Takes messages of the `stream` or (``plain``) of the `events` endpoint and puts events and marks, in order, into
    ``found``."""

    def __init__(self, filters: Sequence[TopicFilter], plain: bool) -> None:
        self.statistics = SubscriberStatistics()
        self.found: Deque[Union[Event, Mark, Reached]] = deque()
        self.ledger = Ledger()
        #: Called with an epoch before it is entered: nothing of those before it is in order afterwards.
        self.before_entering: Callable[[int], None] = lambda epoch: None
        #: Called with a topic and a number before what is missing before it is told as lost: it may be at hand.
        self.before_telling: Callable[[str, int], None] = lambda topic, q: None
        self._filters = filters
        self._plain = plain
        self._wanted: Dict[bytes, str] = {}  # topics seen and whether a filter takes them ("" if not)

    # Messages

    def is_before(self, frames: List[bytes], topic: str, q: int) -> bool:
        """Whether it is a message of this topic and of the epoch that is being read, and begins before a number."""
        if frames[0] != topic.encode() or len(frames) != 3:
            return False
        try:
            header = wire.decode_stream_header(frames[1])
        except wire.WireError:
            return False
        return header.epoch == self.ledger.epoch and header.q < q

    def epoch_of(self, frames: List[bytes]) -> int:
        """Of a message of `stream`; 0 if it cannot be read."""
        try:
            return wire.decode_stream_header(frames[1]).epoch if len(frames) == 3 else 0
        except wire.WireError:
            return 0

    def take(
        self, frames: List[bytes], may_repair: bool = False, epoch_expected: Optional[int] = None
    ) -> Union[Gap, Early, None]:
        """One message. Never raises: what is malformed is counted. With ``may_repair``, a message of `stream` behind a
        gap is not taken; what is missing before it is given instead. With ``epoch_expected``, one of a new epoch is not
        taken unless it is that one."""
        untaken: Union[Gap, Early, None] = None
        if not frames[0].startswith(b"~"):  # the answer to a barrier that is no longer waited for
            try:
                untaken = self._take(frames, may_repair, epoch_expected)
            except wire.WireError:
                self.statistics.malformed += 1
        if untaken is None:
            self.statistics.messages += 1
        return untaken

    def take_stored(self, frames: List[bytes], of_epoch: int = 0) -> None:
        """One message out of the broker's history. With ``of_epoch``, one of another epoch is left out."""
        before = self.statistics.events
        try:
            topic = self._topic(frames[0])
            header = wire.decode_stream_header(frames[1])
            if not topic:
                self.statistics.filtered += 1
            elif of_epoch in (0, header.epoch):
                self._take_batch(topic, header, frames[2])
        except wire.WireError:
            self.statistics.malformed += 1
        self.statistics.messages += 1
        self.statistics.replayed += self.statistics.events - before

    def take_between(self, frames: List[bytes]) -> None:
        """A message of an epoch that is passed over: the numbers of its publishers count alone."""
        self.ledger.pass_over(self.epoch_of(frames))
        self.take(frames)

    def _take(
        self, frames: List[bytes], may_repair: bool, epoch_expected: Optional[int]
    ) -> Union[Gap, Early, None]:
        topic = self._topic(frames[0])
        if not topic:
            self.statistics.filtered += 1
            return None
        if len(frames) != 3:
            raise wire.WireError(f"{len(frames)} frames")
        if self._plain:
            self._take_event(topic, frames[1], frames[2])
            return None
        header = wire.decode_stream_header(frames[1])
        ledger = self.ledger
        if header.epoch == ledger.epoch:
            missing = ledger.topic(topic).gap(header.q) if may_repair else None
            if missing is not None:
                return Gap(topic, header.epoch, *missing)
        elif epoch_expected not in (None, header.epoch) and ledger.epoch and not ledger.has_left(header.epoch):
            return Early.new_epoch
        self._take_batch(topic, header, frames[2])
        return None

    def _topic(self, frame: bytes) -> str:
        known = self._wanted.get(frame)
        if known is not None:
            return known
        try:
            topic = frame.decode("ascii")
        except UnicodeDecodeError:
            raise wire.WireError("a topic that is not ASCII") from None
        wanted = topic if self._is_wanted(topic) else ""
        if len(self._wanted) < 65536:  # as many as a broker holds
            self._wanted[frame] = wanted
        return wanted

    def _is_wanted(self, topic: str) -> bool:
        return any(f.matches(topic) for f in self._filters)

    def _take_event(self, topic: str, params_frame: bytes, meta_frame: bytes) -> None:
        params = wire.decode_params(params_frame)
        meta = wire.decode_event_meta(meta_frame)
        known = self._account(topic, meta.epoch, meta.q, 1, meta.lost_before)
        if self._repeated(topic, meta.id, meta.p, 1, time.monotonic()) or known:
            self.statistics.repeats += 1
            return
        self.statistics.events += 1
        self.found.append(
            Event(
                topic, meta.q, meta.time_ns, params, meta.src, meta.pid, meta.host, meta.id, meta.p, meta.epoch
            )
        )  # fmt: skip

    def _take_batch(self, topic: str, header: wire.StreamHeader, body_frame: bytes) -> None:
        entries = wire.decode_body(body_frame, header.n)
        known = self._account(topic, header.epoch, header.q, header.n, header.lost_before)
        now = time.monotonic()
        epoch = header.epoch
        deliver = self.found.append
        first = 0  # of the run, in the body
        for run in header.runs:
            repeated = max(self._repeated(topic, run.id, run.p, run.count, now), min(run.count, known - first))
            self.statistics.repeats += repeated
            self.statistics.events += run.count - repeated
            src, pid, host, id, origin = run.src, run.pid, run.host, run.id, run.origin
            q = header.q + first + repeated
            p, step = (run.p + repeated, 1) if run.p else (0, 0)
            for time_ns, params in entries[first + repeated : first + run.count]:
                deliver(Event(topic, q, time_ns, params, src, pid, host, id, p, epoch, origin))
                q += 1
                p += step
            first += run.count

    # Accounts

    def _account(self, topic: str, epoch: int, q: int, n: int, lost_before: int) -> int:
        """Puts marks for what is missing; gives the number of events from the first on that were here before."""
        if epoch != self.ledger.epoch:
            if self.ledger.has_left(epoch):
                # Its numbers say nothing any more. Those of its publishers do, and nobody else tells of a gap in them.
                self.ledger.topic(topic).publishers.enter_epoch()
                return 0
            self._enter_epoch(epoch)
        numbers = self.ledger.topic(topic)
        if numbers.gap(q) is not None:
            self.before_telling(topic, q)
        finding = numbers.enter(q, n, lost_before)
        if finding.base is not None:
            self.found.append(Reached(epoch, {}, {topic: finding.base}))
        if finding.lost_before:
            self.statistics.lost_before_broker += finding.lost_before
            self.found.append(Lost(topic, finding.lost_before, "before broker"))
        if finding.gap_from:
            self._tell_lost_after_broker(topic, finding.gap_from, finding.gap_to)
        return finding.known

    def _repeated(self, topic: str, publisher: int, p: int, count: int, now: float) -> int:
        """How many of the first events were here before under any ``q``. Puts a mark for what is missing before them."""
        sight = self.ledger.topic(topic).publishers.take(publisher, p, count, now)
        if sight.lost_from:
            count = sight.lost_to - sight.lost_from + 1
            self.statistics.lost_with_broker += count
            self.found.append(
                Lost(topic, count, "with broker", id=publisher, p_from=sight.lost_from, p_to=sight.lost_to)
            )
        return sight.repeats

    def _enter_epoch(self, epoch: int, from_first_of: Optional[Iterable[str]] = None) -> None:
        if epoch == self.ledger.epoch:
            return
        stored = self.ledger.positions()
        self.before_entering(epoch)
        before = self.ledger.enter_epoch(epoch, stored)
        if from_first_of is not None:
            self.ledger.begin_epoch(filter(self._is_wanted, from_first_of))
        if before is not None:
            self.statistics.epoch_changes += 1
            # In this order, so that whoever has seen the mark has a cursor that knows where the epoch begins.
            self._note_positions()
            self.found.append(EpochChanged(before, epoch))

    def _note_positions(self) -> None:
        self.found.append(Reached(self.ledger.epoch, self.ledger.positions(), is_all=self.ledger.knows_all))

    def _tell_lost_after_broker(self, topic: str, q_from: int, q_to: int) -> None:
        count = q_to - q_from + 1
        self.statistics.lost_after_broker += count
        self.found.append(Lost(topic, count, "after broker", q_from, q_to))

    # What catching up finds out

    def begin_epoch(self, epoch: int, topics: Iterable[str]) -> None:
        """These topics are to be read from the first event of this epoch on."""
        self._enter_epoch(epoch, topics)

    def expect(self, topics: Iterable[str]) -> None:
        """These topics have events. One that was not known, though all were, is to be read from its first on."""
        if self.ledger.knows_all:
            for topic in filter(self._is_wanted, topics):
                self.ledger.topic(topic)

    def catch_up_to(self, epoch: int, numbers: Mapping[str, int], unknown: Iterable[str] = ()) -> None:
        """Nothing more will come of what stands before these numbers of their topics, which are all but the unknown ones."""
        self._enter_epoch(epoch)
        for topic in filter(self._is_wanted, unknown):
            self.ledger.topic(topic)
        for topic, q in numbers.items():
            if self._is_wanted(topic):
                self._catch_up_topic(topic, q)
        self.ledger.knows_all = True
        self._note_positions()

    def give_up_gap(self, gap: Gap) -> None:
        """What has not come of it will not come."""
        if gap.epoch == self.ledger.epoch:
            self._catch_up_topic(gap.topic, gap.q_to + 1)

    def _catch_up_topic(self, topic: str, q: int) -> None:
        numbers = self.ledger.topic(topic)
        if numbers.gap(q) is not None:
            self.before_telling(topic, q)
        missing = numbers.catch_up_to(q)
        if missing is not None:
            self._tell_lost_after_broker(topic, *missing)

    def tell_gone(self, holes: Iterable[Tuple[str, int, int]]) -> None:
        """These numbers will never come. Those behind something that is still to come are told in their place."""
        for topic, q_from, q_to in holes:
            if self._is_wanted(topic) and q_from <= self.ledger.topic(topic).next_q <= q_to:
                self._catch_up_topic(topic, q_to + 1)

    def tell_history_missing(self, reason: str) -> None:
        self.statistics.history_missing += 1
        self.found.append(HistoryMissing(reason))
