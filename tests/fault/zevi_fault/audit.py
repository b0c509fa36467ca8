"""The audit of a run: what became of every event, in the eyes of every reader.

An event that was published is, for each reader, one of these:

- delivered, once and in order;
- dropped by its publisher: its ring was full;
- lost with its process: kept, but neither acknowledged nor delivered when the process was killed;
- lost with the broker: acknowledged, but the broker was killed before the reader had it. A mark tells the reader how many; only
  if the publisher is gone as well, nobody is left who could tell: that is what `untold` counts.

All else is a fault of Zevi: an event that is unaccounted for, doubled, out of order, delivered though it was never published; a loss
that none of the run's faults explains; a mark that tells of more losses than there were.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, fields
from typing import Dict, Iterable, List, Set, Tuple

from .journal import BEGUN, KEPT, RING_FULL, UNWANTED, Published, Worker, topic_name
from .reader_log import Delivered, Found, Missing, Stretch, Told, topic_index
from .timeline import Timeline, overlaps

_EXAMPLES_MAX = 12


@dataclass
class Count:
    """The books of one reader."""

    published: int = 0
    delivered: int = 0
    dropped: int = 0
    lost_with_process: int = 0
    lost_with_broker: int = 0
    untold: int = 0
    # Faults
    unaccounted: int = 0
    doubled: int = 0
    out_of_order: int = 0
    unexplained: int = 0
    told_too_much: int = 0
    never_published: int = 0


FAULTS = ("unaccounted", "doubled", "out_of_order", "unexplained", "told_too_much", "never_published")


@dataclass
class Report:
    readers: Dict[str, Count] = field(default_factory=dict)
    #: What each reader was told, by place.
    told: Dict[str, Dict[str, int]] = field(default_factory=dict)
    examples: List[str] = field(default_factory=list)
    #: Disagreements between a worker's own books.
    faults: List[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not self.faults and not any(getattr(count, name) for count in self.readers.values() for name in FAULTS)

    def example(self, text: str) -> None:
        if len(self.examples) < _EXAMPLES_MAX:
            self.examples.append(text)

    def table(self) -> str:
        names = [f.name for f in fields(Count)]
        rows = [["", *self.readers]]
        rows += [[name, *(str(getattr(count, name)) for count in self.readers.values())] for name in names]
        places = sorted({place for told in self.told.values() for place in told})
        rows += [[f"told: {place}", *(str(told.get(place, 0)) for told in self.told.values())] for place in places]
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines = [
            "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))])
            for row in rows
        ]
        return "\n".join(lines + self.examples + self.faults)


def audit(
    workers: Iterable[Worker],
    logs: Iterable[Tuple[str, List[Stretch]]],
    timeline: Timeline,
    broker_keeps: bool = False,
) -> Report:
    """With `broker_keeps` nothing that was acknowledged may be lost with the broker."""
    report = Report()
    workers = list(workers)
    for worker in workers:
        report.faults += worker.faults
        for topic, published in worker.topics.items():
            if published.invalid:
                report.faults.append(f"{worker.name}: {topic}: {published.invalid} events refused")
    for reader, stretches in logs:
        report.readers[reader] = _ReaderAudit(reader, workers, timeline, broker_keeps, report).run(stretches)
    return report


@dataclass
class _Told:
    """What marks said of a topic."""

    surely: int = 0
    #: By marks that were perhaps confirmed: they may have been told again.
    perhaps: int = 0


class _ReaderAudit:
    def __init__(
        self, reader: str, workers: List[Worker], timeline: Timeline, broker_keeps: bool, report: Report
    ) -> None:
        self._reader = reader
        self._workers = workers
        self._excuses = timeline.excuses(reader)
        self._broker_keeps = broker_keeps
        self._report = report
        self._count = Count()
        self._seen: Dict[Tuple[int, int], bytearray] = {}
        self._published: Dict[Tuple[int, int], Published] = {}
        for worker in workers:
            for topic, published in worker.topics.items():
                key = worker.id, topic_index(topic)
                self._published[key] = published
                self._seen[key] = bytearray(len(published.outcomes) + 1)
        self._last_n: Dict[Tuple[int, int], int] = defaultdict(int)
        self._last_p: Dict[Tuple[int, int], int] = defaultdict(int)
        self._last_q: Dict[Tuple[int, int], int] = defaultdict(int)  # by topic and epoch
        self._epochs: List[int] = []
        self._told: Dict[int, _Told] = defaultdict(_Told)
        self._told_p: Dict[Tuple[int, int], List[Tuple[int, int]]] = defaultdict(list)

    def run(self, stretches: List[Stretch]) -> Count:
        told = self._report.told[self._reader] = defaultdict(int)
        for stretch in what_counts(stretches):
            for found in stretch.found:
                if isinstance(found, Delivered):
                    self._take_event(found)
                elif isinstance(found, Told):
                    told[found.place] += found.count
                    self._take_mark(found, stretch.confirmed)
                elif isinstance(found, Missing):
                    self._count.unexplained += 1
                    self._report.example(f"unexplained: {self._reader} did not get the history that it asked for")
        must: Dict[int, int] = defaultdict(int)
        may: Dict[int, int] = defaultdict(int)
        for worker in self._workers:
            for topic in worker.topics:
                index = topic_index(topic)
                lower, upper = self._book(worker, index)
                must[index] += lower
                may[index] += upper
        for index in set(must) | set(self._told):
            self._compare(index, must[index], may[index])
        return self._count

    # What the reader was handed

    def _take_event(self, event: Delivered) -> None:
        key = event.id, event.topic
        seen = self._seen.get(key)
        what = f"{self._reader}: {event}"
        if seen is None or not 0 < event.n < len(seen):
            self._count.never_published += 1
            return self._report.example(f"never published: {what}")
        if seen[event.n]:
            self._count.doubled += 1
            return self._report.example(f"doubled: {what}")
        seen[event.n] = 1
        self._enter_epoch(event.epoch)
        in_epoch = event.topic, event.epoch
        if event.n <= self._last_n[key] or event.p <= self._last_p[key] or event.q <= self._last_q[in_epoch]:
            self._count.out_of_order += 1
            self._report.example(f"out of order: {what}, behind n {self._last_n[key]} p {self._last_p[key]}")
        self._last_n[key] = max(event.n, self._last_n[key])
        self._last_p[key] = max(event.p, self._last_p[key])
        self._last_q[in_epoch] = max(event.q, self._last_q[in_epoch])
        if overlaps((event.p, event.p), self._told_p[key]):
            self._count.told_too_much += 1
            self._report.example(f"told as lost before: {what}")

    def _enter_epoch(self, epoch: int) -> None:
        """By an event. (A mark of a new epoch may stand before stored events of one between.)"""
        if self._epochs and self._epochs[-1] == epoch:
            return
        if epoch in self._epochs:
            self._count.out_of_order += 1
            self._report.example(f"out of order: {self._reader}: epoch {epoch} again")
        self._epochs.append(epoch)

    def _take_mark(self, mark: Told, confirmed: str) -> None:
        told = self._told[mark.topic]
        if confirmed == "yes":
            told.surely += mark.count
        else:
            told.perhaps += mark.count
        if mark.id and mark.first:
            key = mark.id, mark.topic
            if overlaps((mark.first, mark.last), self._told_p[key]) or self._last_p[key] >= mark.first:
                self._count.told_too_much += mark.count
                self._report.example(f"told as lost, but not: {self._reader}: {mark}")
            self._told_p[key].append((mark.first, mark.last))

    # What was published

    def _book(self, worker: Worker, index: int) -> Tuple[int, int]:
        """How many losses marks must tell of, and may at most."""
        key = worker.id, index
        published = self._published[key]
        seen = self._seen[key]
        count = self._count
        count.published += len(published.outcomes) - published.outcomes.count(BEGUN)
        count.delivered += sum(seen)
        must = may = kept = 0
        for n, (outcome, time_us) in enumerate(zip(published.outcomes, published.times_us), 1):
            delivered = seen[n]
            kept += outcome == KEPT
            if outcome == BEGUN:
                # The process was killed in the middle of it.
                count.published += delivered
                may += not delivered
            elif outcome == RING_FULL:
                count.dropped += 1
                is_tail = n > self._last_n[key] and not worker.closed
                may += 1
                must += not is_tail
                if not self._excuses.may_be_dropped(time_us):
                    self._blame("unexplained", worker, index, n, "dropped")
            elif outcome == KEPT and not delivered:
                lower, upper = self._book_missing(worker, index, n, kept, time_us)
                must += lower
                may += upper
            elif outcome != KEPT:
                self._blame("unexplained", worker, index, n, "unwanted" if outcome == UNWANTED else "refused")
            if delivered and outcome not in (KEPT, BEGUN):
                self._blame("never_published", worker, index, n, "delivered though it was not kept")
        return must, may

    def _book_missing(self, worker: Worker, index: int, n: int, kept: int, time_us: int) -> Tuple[int, int]:
        """Of an event that is the `kept`th that was kept of its topic."""
        is_tail = n > self._last_n[worker.id, index] and not worker.closed
        acknowledged = kept <= self._published[worker.id, index].acknowledged
        if is_tail and not acknowledged:
            self._count.lost_with_process += 1
            return 0, 1  # the broker may have had it
        if self._broker_keeps or not self._excuses.may_be_lost_with_broker(time_us):
            self._blame("unexplained", worker, index, n, "lost")
            return (0, 1) if is_tail else (1, 1)
        if is_tail:
            self._count.untold += 1
            return 0, 1
        self._count.lost_with_broker += 1
        return 1, 1

    def _blame(self, fault: str, worker: Worker, index: int, n: int, what: str) -> None:
        setattr(self._count, fault, getattr(self._count, fault) + 1)
        self._report.example(f"{fault}: {self._reader}: {worker.name} (id {worker.id}) {topic_name(index)} n {n}: {what}")

    def _compare(self, index: int, must: int, may: int) -> None:
        told = self._told[index]
        if told.surely + told.perhaps < must:
            self._count.unaccounted += must - told.surely - told.perhaps
            self._report.example(
                f"unaccounted: {self._reader}: {topic_name(index)}: {must} lost, but told of {told.surely + told.perhaps}"
            )
        if told.surely > may:
            self._count.told_too_much += told.surely - may
            self._report.example(
                f"told too much: {self._reader}: {topic_name(index)}: told of {told.surely}, but {may} lost at most"
            )


def what_counts(stretches: List[Stretch]) -> List[Stretch]:
    """Without what was not confirmed, since it comes again: a consumer has not done with it. What was being confirmed when the
    reader was killed does not count either if it came again, or was told as lost in the reader's next life."""
    counts: List[Stretch] = []
    later: Set[Tuple[int, int, int]] = set()
    for i in range(len(stretches) - 1, -1, -1):
        stretch = stretches[i]
        keys = _keys(stretch.found) if stretch.confirmed != "yes" or _unsure_before(stretches, i) else None
        if stretch.confirmed == "yes":
            counts.append(stretch)
        elif stretch.confirmed == "perhaps" and not (keys or set()) & later:
            if not _told_as_lost(stretch, stretches[i + 1 : i + 1 + _NEAR]):
                counts.append(stretch)
        if keys:
            later |= keys
    return counts[::-1]


#: In so many stretches behind it, what was not confirmed has come again or has been told as lost.
_NEAR = 50


def _told_as_lost(stretch: Stretch, next_ones: List[Stretch]) -> bool:
    marks = [f for one in next_ones for f in one.found if isinstance(f, Told) and f.id and f.first]
    return any(
        mark.topic == event.topic and mark.id == event.id and mark.first <= event.p <= mark.last
        for event in stretch.found
        if isinstance(event, Delivered)
        for mark in marks
    )


def _unsure_before(stretches: List[Stretch], i: int) -> bool:
    """Whether one of the few stretches before it may come again in this one."""
    return any(stretch.confirmed == "perhaps" for stretch in stretches[max(0, i - _NEAR) : i])


def _keys(found: List[Found]) -> Set[Tuple[int, int, int]]:
    return {(f.topic, f.id, f.n) for f in found if isinstance(f, Delivered)}
