"""From messages to events and losses: everything of a subscriber but its socket."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Deque, Dict, List, Mapping, NamedTuple, Optional, Sequence, Union

from . import wire
from .event import EpochChanged, Event, Lost
from .ledger import Ledger
from .topics import TopicFilter

Mark = Union[Lost, EpochChanged]


class Gap(NamedTuple):
    """Numbers that are missing before a message."""

    topic: str
    epoch: int
    q_from: int
    q_to: int


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
    #: Events that had been here before and were not handed out again.
    repeats: int = 0
    epoch_changes: int = 0
    #: Messages that were not what the broker's endpoint sends.
    malformed: int = 0


class Reader:
    """Takes messages of the `stream` or (``plain``) of the `events` endpoint and puts events and marks, in order, into
    ``found``."""

    def __init__(self, filters: Sequence[TopicFilter], plain: bool) -> None:
        self.statistics = SubscriberStatistics()
        self.found: Deque[Union[Event, Mark]] = deque()
        self._filters = filters
        self._plain = plain
        self.ledger = Ledger()
        self._wanted: Dict[bytes, str] = {}  # topics seen and whether a filter takes them ("" if not)

    def take_stored(self, frames: List[bytes]) -> None:
        """One message out of the broker's history."""
        before = self.statistics.events
        self.take(frames)
        self.statistics.replayed += self.statistics.events - before

    def catch_up_to(self, epoch: int, numbers: Mapping[str, int]) -> None:
        """Nothing more will come of what stands before these numbers of their topics."""
        self._enter_epoch(epoch)
        for topic, q in numbers.items():
            if not any(f.matches(topic) for f in self._filters):
                continue
            missing = self.ledger.topic(topic).catch_up_to(epoch, q)
            if missing is not None:
                self._tell_lost_after_broker(topic, *missing)

    def take(self, frames: List[bytes], may_repair: bool = False) -> Optional[Gap]:
        """One message. Never raises: what is malformed is counted. With ``may_repair``, a message of `stream` behind a
        gap is not taken; what is missing before it is given instead."""
        gap = None
        if not frames[0].startswith(b"~"):  # the answer to a barrier that is no longer waited for
            try:
                gap = self._take(frames, may_repair)
            except wire.WireError:
                self.statistics.malformed += 1
        if gap is None:
            self.statistics.messages += 1
        return gap

    def _take(self, frames: List[bytes], may_repair: bool) -> Optional[Gap]:
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
        missing = self.ledger.topic(topic).gap(header.epoch, header.q) if may_repair else None
        if missing is not None:
            return Gap(topic, header.epoch, *missing)
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
        wanted = topic if any(f.matches(topic) for f in self._filters) else ""
        if len(self._wanted) < 65536:  # as many as a broker holds
            self._wanted[frame] = wanted
        return wanted

    def _take_event(self, topic: str, params_frame: bytes, meta_frame: bytes) -> None:
        params = wire.decode_params(params_frame)
        meta = wire.decode_event_meta(meta_frame)
        known = self._account(topic, meta.epoch, meta.q, 1, meta.lost_before)
        if self.ledger.topic(topic).repeats(meta.id, meta.p, 1, time.monotonic()) or known:
            self.statistics.repeats += 1
            return
        self._deliver(
            Event(
                topic, meta.q, meta.time_ns, params, meta.src, meta.pid, meta.host, meta.id, meta.p, meta.epoch
            )
        )  # fmt: skip

    def _take_batch(self, topic: str, header: wire.StreamHeader, body_frame: bytes) -> None:
        entries = wire.decode_body(body_frame, header.n)
        known = self._account(topic, header.epoch, header.q, header.n, header.lost_before)
        ledger = self.ledger.topic(topic)
        now = time.monotonic()
        first = 0  # of the run, in the body
        for run in header.runs:
            repeated = max(ledger.repeats(run.id, run.p, run.count, now), min(run.count, known - first))
            self.statistics.repeats += repeated
            for i in range(repeated, run.count):
                time_ns, params = entries[first + i]
                self._deliver(
                    Event(
                        topic, header.q + first + i, time_ns, params, run.src, run.pid, run.host, run.id,
                        run.p + i if run.p else 0, header.epoch, run.origin,
                    )
                )  # fmt: skip
            first += run.count

    def _account(self, topic: str, epoch: int, q: int, n: int, lost_before: int) -> int:
        """Puts marks for what is missing; gives the number of events from the first on that were here before."""
        self._enter_epoch(epoch)
        finding = self.ledger.topic(topic).enter(epoch, q, n, lost_before)
        if finding.lost_before:
            self.statistics.lost_before_broker += finding.lost_before
            self.found.append(Lost(topic, finding.lost_before, "before broker"))
        if finding.gap_from:
            self._tell_lost_after_broker(topic, finding.gap_from, finding.gap_to)
        return finding.known

    def _enter_epoch(self, epoch: int) -> None:
        before = self.ledger.enter_epoch(epoch)
        if before is not None:
            self.statistics.epoch_changes += 1
            self.found.append(EpochChanged(before, epoch))

    def _tell_lost_after_broker(self, topic: str, q_from: int, q_to: int) -> None:
        count = q_to - q_from + 1
        self.statistics.lost_after_broker += count
        self.found.append(Lost(topic, count, "after broker", q_from, q_to))

    def _deliver(self, event: Event) -> None:
        self.statistics.events += 1
        self.found.append(event)


def is_event(found: Any) -> bool:
    return type(found) is Event
