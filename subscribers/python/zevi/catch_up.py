"""The seam between what the broker has stored and what arrives live.

Live messages are held while something has to be fetched that comes before them: at the start, after each new connection,
and when numbers are missing. What comes both ways is handed out once, since the ledger knows its numbers. What cannot be
fetched is told as lost, in its place.

Catching up begins with the barrier of a connection, which says of which epoch the live messages behind it are. The first question
then asks for numbers alone: the broker that answers must be the same one, and says whether it knows the epoch that was read so far."""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import replace
from typing import Callable, Deque, Iterable, List, Optional, Sequence

import zmq

from .errors import Error
from .reader import Early, Gap, Reader
from .replay_line import ReplayLine
from .replay_wire import End, Question
from .start import Start

#: A broker answers at once, however long the answer then is; one that does not is busy, stopped or gone. Each time, it is
#: given twice as long.
_ASK_AGAIN_SECONDS = 2.0
_ASK_AGAIN_SECONDS_MAX = 8.0
#: Between a question that could not be asked, or was refused, and the next.
_RETRY_SECONDS = 0.2
#: So long in all nobody may answer, or only refuse, while live messages wait. Time that the consumer takes does not count.
_PATIENCE_SECONDS = 30.0
#: Nor may there be no socket to ask at, where nobody has ever answered: the broker makes it before it answers the first barrier.
_NOBODY_SECONDS = 3.0
#: After that, gaps are told as lost for this long before somebody is asked again.
_PAUSE_SECONDS = 10.0
#: When nothing more comes for this long, the broker is asked once whether that was all: the last ones may be missing.
_QUIET_SECONDS = 1.0

#: What is to be done with the end of an answer.
_OnEnd = Callable[[End], None]


class CatchUp:
    """Between the subscriber's socket and its reader. Messages that arrive go through `hold` while `holding`, else through `take`."""

    def __init__(self, line: ReplayLine, reader: Reader, topics: Sequence[str], start: Start, budget_bytes: int) -> None:
        self._line = line
        self._reader = reader
        self._topics = list(topics)
        self._start = start
        self._started = reader.ledger.epoch != 0  # what was asked for at the start has been read, or a cursor leads on
        self._budget_bytes = budget_bytes
        self._held: Deque[List[bytes]] = deque()
        self._held_bytes = 0
        self._waits_for_barrier = False
        self._live_epoch = 0  # of the barrier
        self._is_elsewhere = False  # the line leads to a broker of another epoch
        self._question: Optional[Question] = None
        self._gap: Optional[Gap] = None  # that the question is about, if it is no more than that
        self._on_end: _OnEnd = self._finish
        # An answer is taken when its end has said which broker it is of. The broker sends no more than a few MiB before it.
        self._answer: Deque[List[bytes]] = deque()
        self._end: Optional[End] = None
        self._ask_at = 0.0  # when to ask again
        self._ask_again_seconds = _ASK_AGAIN_SECONDS
        self._patience = _PATIENCE_SECONDS  # what is left of it
        self._trouble = ""
        self._was_answered = False
        #: The subscriber has a broker. Without one, a question waits.
        self.is_connected = True
        self._paused_until = 0.0
        self._check_at = math.inf
        reader.before_entering = self._release_before_epoch
        reader.before_telling = self._release_before

    # What the subscriber asks

    @property
    def socket(self) -> "Optional[zmq.Socket[bytes]]":
        """Where parts of an answer arrive, if anything was asked."""
        return self._line.socket

    @property
    def holding(self) -> bool:
        return self._waits_for_barrier or self._question is not None

    @property
    def waits_for_barrier(self) -> bool:
        return self._waits_for_barrier

    @property
    def is_full(self) -> bool:
        """Nothing more should be read: what libzmq then drops is fetched later. But a barrier has to be looked for."""
        looks_for_barrier = self._waits_for_barrier or self._is_elsewhere
        return self._held_bytes >= self._budget_bytes and self.holding and not looks_for_barrier

    @property
    def is_beginning(self) -> bool:
        """It is not yet known where now is."""
        return self.holding and not self._started and self._start.is_now

    @property
    def may_repair(self) -> bool:
        return time.monotonic() >= self._paused_until

    # What the subscriber tells

    def close(self) -> None:
        self._line.hang_up()

    def wait_for_barrier(self) -> None:
        """There is a new connection: nothing is handed out before it is known what came before."""
        self._stop_asking()
        self._waits_for_barrier = True

    def go(self, epoch: int) -> None:
        """The subscriptions are live, at a broker of this epoch."""
        is_under_way = self._question is not None and self._gap is None and not self._waits_for_barrier
        if is_under_way and epoch == self._live_epoch:
            return  # one of several answers
        self._stop_asking()
        self._waits_for_barrier = False
        self._live_epoch = epoch
        self._begin()

    def check_if_quiet(self) -> None:
        """Asks for what may be missing behind the last message, once it is quiet."""
        if time.monotonic() < self._check_at or self.holding or self._held or not self.may_repair:
            return
        self._check_at = math.inf
        self._begin()

    def hold(self, frames: List[bytes]) -> None:
        if self._held_bytes >= self._budget_bytes:
            return  # is missed by its number, or by what the broker says of its topic
        self._held.append(frames)
        self._held_bytes += sum(map(len, frames))

    def next_held(self) -> Optional[List[bytes]]:
        """The next message that was held and is not to be held any longer."""
        if self.holding or not self._held:
            return None
        return self._pop_held()

    def take(self, frames: List[bytes]) -> None:
        """A message whose turn it is. If something comes before it, it is held until that is there."""
        self._check_at = time.monotonic() + _QUIET_SECONDS
        untaken = self._reader.take(frames, self.may_repair, self._live_epoch)
        if untaken is None:
            return
        self._held.appendleft(frames)
        self._held_bytes += sum(map(len, frames))
        if untaken is Early.new_epoch:
            # The connection is another, and its barrier is still to come.
            self.wait_for_barrier()
        elif isinstance(untaken, Gap):
            q_from = {untaken.topic: untaken.q_from}
            question = Question([untaken.topic], q_from, {untaken.topic: untaken.q_to}, epoch=untaken.epoch)
            self._ask(question, self._end_repair, untaken)

    def step(self) -> bool:
        """Takes a part of an answer, if one is there."""
        if self._question is None:
            return False
        if self._end is not None:
            self._take_answer(self._end)
            return True
        part = self._line.receive()
        if part is None:
            if time.monotonic() >= self._ask_at:
                self._ask_again()
            return False
        if not isinstance(part, End):
            self._have_patience()
            self._answer.append(part)
        elif part.reason:
            self._retry(f"the broker refused: {part.reason}", _PATIENCE_SECONDS)
        elif self._gap is None and part.epoch != self._live_epoch:
            # As a rule the live connection ends soon, and there is a barrier of the next one.
            self._is_elsewhere = True
            self._retry("another broker answers than the one that is read live: check replay_endpoint", _PATIENCE_SECONDS)
        else:
            self._end = part
            self._was_answered = True
        return True

    # Answers

    def _take_answer(self, end: End) -> None:
        """A message of a complete answer, or what comes of its end."""
        if self._answer:
            self._reader.take_stored(self._answer.popleft(), 0 if self._gap is None else self._gap.epoch)
            return
        self._end = None
        if end.epoch == self._reader.ledger.epoch:  # else what is missing is told in its place
            self._reader.tell_gone(end.gone)
        self._on_end(end)

    # Held messages

    def _pop_held(self) -> List[bytes]:
        frames = self._held.popleft()
        self._held_bytes -= sum(map(len, frames))
        return frames

    def _release_before_epoch(self, epoch: int) -> None:
        """An epoch is about to be left for this one: what is held of it comes first, and what is missing of it will not come."""
        reader = self._reader
        while self._held and reader.epoch_of(self._held[0]) in (0, reader.ledger.epoch):
            reader.take(self._pop_held())
        if epoch != self._live_epoch:
            return
        while self._held and reader.epoch_of(self._held[0]) not in (0, epoch):
            reader.take_between(self._pop_held())  # of a broker between the two

    def _release_before(self, topic: str, q: int) -> None:
        """What left the history meanwhile may have come live."""
        reader = self._reader
        found = [frames for frames in self._held if reader.is_before(frames, topic, q)]
        if not found:
            return
        self._held = deque(frames for frames in self._held if not reader.is_before(frames, topic, q))
        self._held_bytes -= sum(len(frame) for frames in found for frame in frames)
        for frames in found:
            reader.take(frames)

    # Questions

    def _ask(self, question: Question, on_end: _OnEnd, gap: Optional[Gap] = None) -> None:
        self._question = question
        self._on_end = on_end
        self._gap = gap
        self._is_elsewhere = False
        self._have_patience()
        self._send()

    def _forget_answer(self) -> None:
        self._answer.clear()
        self._end = None

    def _have_patience(self) -> None:
        self._patience = _PATIENCE_SECONDS
        self._ask_again_seconds = _ASK_AGAIN_SECONDS
        self._ask_at = time.monotonic() + _ASK_AGAIN_SECONDS

    def _send(self) -> None:
        assert self._question is not None
        self._forget_answer()
        self._trouble = "the broker does not answer"
        self._ask_at = time.monotonic() + self._ask_again_seconds
        try:
            self._line.ask(self._question)
        except Error as error:
            # Socket files that were removed are put back by the broker.
            self._retry(str(error), _PATIENCE_SECONDS if self._was_answered else _NOBODY_SECONDS)

    def _ask_again(self) -> None:
        if self._line.socket is not None:
            # Nothing has come for so long. What comes of it later would be answered in vain.
            self._line.hang_up()
            # If nothing comes live either, the broker stands still, and waiting holds nothing up. But who asked for what will
            # never come has to be told.
            self._lose_patience(self._ask_again_seconds if self._held else self._ask_again_seconds / 4)
            self._ask_again_seconds = min(2 * self._ask_again_seconds, _ASK_AGAIN_SECONDS_MAX)
        if self._patience <= 0:
            return self._give_up()
        self._send()

    def _retry(self, trouble: str, patience: float) -> None:
        """Asks again in a moment, so long as there is patience; as a rule for ``patience`` seconds."""
        self._line.hang_up()
        self._forget_answer()
        self._trouble = trouble
        self._lose_patience(_RETRY_SECONDS * _PATIENCE_SECONDS / patience)
        self._ask_at = time.monotonic() + _RETRY_SECONDS
        if self._patience <= 0 or self._is_dispensable:
            self._give_up()

    def _lose_patience(self, seconds: float) -> None:
        if self._held or self.is_connected:
            self._patience -= seconds

    @property
    def _is_dispensable(self) -> bool:
        """Nothing is wanted of the history yet."""
        return not self._started and self._start.is_now and self._gap is None

    def _stop_asking(self) -> None:
        self._line.hang_up()
        self._forget_answer()
        self._question = None
        self._gap = None

    def _give_up(self) -> None:
        is_silent = self._gap is not None or self._is_dispensable  # gaps tell themselves
        self._stop_asking()
        self._paused_until = time.monotonic() + _PAUSE_SECONDS
        self._reader.ledger.number_on(False)
        if not is_silent:
            self._reader.tell_history_missing(self._trouble)

    # Catching up

    def _begin(self) -> None:
        self._ask(Question(self._topics, last=0, epoch=self._reader.ledger.epoch), self._go_from)

    def _go_from(self, end: End) -> None:
        """It is known where topics stand, and how the broker's numbers and ours belong together."""
        ledger = self._reader.ledger
        is_known = ledger.epoch in (0, end.epoch) or end.ended is not None
        ledger.number_on(is_known, end.ended)
        if not self._started and self._begins_anew(end.epoch):
            return self._go_from_start(end)
        if not is_known:
            self._reader.begin_epoch(end.epoch, end.next)
            ledger.number_on(True)
        self._reader.expect(end.next)
        positions = ledger.positions()
        if ledger.epoch == end.epoch and all(positions.get(topic, 0) >= q for topic, q in end.next.items()):
            return self._finish(end)
        self._ask(Question(self._topics, positions, epoch=ledger.epoch), self._go_on)

    def _begins_anew(self, epoch: int) -> bool:
        """Whether what has been read so far does not say where to go on."""
        ledger = self._reader.ledger
        return (
            ledger.epoch == 0
            or self._start.since_ns is not None  # of topics that have not come yet
            or (self._start.is_now and ledger.epoch == epoch)  # it was not known where that is
        )

    def _go_from_start(self, end: End) -> None:
        start = self._start
        if start.is_now:
            # What was held came when the subscriptions were live, but before the broker was asked: it is wanted.
            held = {frames[0].decode("ascii", "replace") for frames in self._held}
            begun = held.union(self._reader.ledger.positions())
            return self._finish(replace(end, next={t: q for t, q in end.next.items() if t not in begun}), begun)
        if start.since_ns is not None:
            return self._ask(Question(self._topics, since_ns=start.since_ns), self._go_on)
        numbers = start.numbers
        if start.last is not None:
            numbers = {topic: max(1, q - start.last) for topic, q in end.next.items()}
        for topic, q in (numbers or {}).items():
            self._reader.ledger.topic(topic).begin(q, may_be_behind=start.last is not None)
        self._ask(Question(self._topics, numbers, epoch=end.epoch), self._go_on)

    def _go_on(self, end: End) -> None:
        if end.more:
            assert self._question is not None
            question = replace(self._question, from_=end.next, epoch=end.epoch, since_ns=None)
            return self._ask(question, self._go_on)
        self._finish(end)

    def _finish(self, end: End, begun: Iterable[str] = ()) -> None:
        self._reader.catch_up_to(end.epoch, end.next, begun)
        self._question = None
        self._started = True

    # Repair

    def _end_repair(self, end: End) -> None:
        """What has not come of the gap will not come."""
        gap = self._gap
        assert gap is not None and self._question is not None
        next_q = end.next.get(gap.topic, 0) if end.epoch == gap.epoch else 0
        if end.more and self._question.from_ is not None and next_q > self._question.from_[gap.topic]:
            return self._ask(replace(self._question, from_={gap.topic: next_q}), self._end_repair, gap)
        self._question = None
        self._gap = None
        self._reader.give_up_gap(gap)
