"""The seam between what the broker has stored and what arrives live.

Live messages are held while something has to be fetched that comes before them: at the start, after each new connection,
and when numbers are missing. What comes both ways is handed out once, since the ledger knows its numbers. What cannot be
fetched is told as lost, in its place."""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import replace
from typing import Callable, Deque, List, Optional, Sequence

import zmq

from .errors import Error
from .reader import Gap, Reader
from .replay_line import ReplayLine
from .replay_wire import End, Question
from .start import Start

#: A broker answers at once, however long the answer then is.
_PATIENCE_SECONDS = 2.0
#: Without an answer, gaps are told as lost for this long before somebody is asked again.
_PAUSE_SECONDS = 10.0
#: When nothing more comes for this long, the broker is asked once whether that was all: the last ones may be missing.
_QUIET_SECONDS = 1.0

#: What is to be done with the end of an answer.
_OnEnd = Callable[[End], None]


class CatchUp:
    """Between the subscriber's socket and its reader. Messages that arrive go through `hold` while `holding`."""

    def __init__(self, line: ReplayLine, reader: Reader, topics: Sequence[str], start: Start, budget_bytes: int) -> None:
        self._line = line
        self._reader = reader
        self._topics = list(topics)
        self._start = start
        self._started = False
        self._budget_bytes = budget_bytes
        self._held: Deque[List[bytes]] = deque()
        self._held_bytes = 0
        self._waits_for_barrier = False
        self._question: Optional[Question] = None
        self._on_end: _OnEnd = self._finish
        self._deadline = 0.0
        self._paused_until = 0.0
        self._check_at = math.inf

    # What the subscriber asks

    @property
    def socket(self) -> "Optional[zmq.Socket[bytes]]":
        """Where parts of an answer arrive, if anything was asked."""
        return self._line.socket

    @property
    def holding(self) -> bool:
        return self._waits_for_barrier or self._question is not None

    @property
    def is_full(self) -> bool:
        """Nothing more should be read: what libzmq then drops is fetched later."""
        return self.holding and self._held_bytes >= self._budget_bytes

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
        self._line.hang_up()
        self._question = None
        self._waits_for_barrier = True

    def go(self) -> None:
        """The subscriptions are live."""
        if self._question is not None:
            return  # one of several answers
        self._waits_for_barrier = False
        if self._started:
            self._ask(self._after_all_that_was_seen(), self._go_on)
        elif self._reader.ledger.positions():  # as a cursor left them
            self._ask(self._after_all_that_was_seen(), self._go_on)
        elif self._start.is_now:
            self._ask(Question(self._topics, last=0), self._begin_now)
        elif self._start.last is not None:
            self._ask(Question(self._topics, last=0), self._go_back)
        else:
            self._ask(self._first_question(), self._go_on)

    def note_message(self) -> None:
        """Something arrived live."""
        self._check_at = time.monotonic() + _QUIET_SECONDS

    def check_if_quiet(self) -> None:
        """Asks for what may be missing behind the last message, once it is quiet."""
        now = time.monotonic()
        if now < self._check_at or self.holding or self._held or not self.may_repair:
            return
        self._check_at = math.inf
        self._ask(self._after_all_that_was_seen(), self._go_on)

    def hold(self, frames: List[bytes]) -> None:
        self._held.append(frames)
        self._held_bytes += sum(map(len, frames))

    def next_held(self) -> Optional[List[bytes]]:
        """The next message that was held and is not to be held any longer."""
        if self.holding or not self._held:
            return None
        frames = self._held.popleft()
        self._held_bytes -= sum(map(len, frames))
        return frames

    def repair(self, gap: Gap, frames: List[bytes]) -> None:
        """`frames` come behind the gap."""
        self._held.appendleft(frames)
        self._held_bytes += sum(map(len, frames))
        question = Question([gap.topic], {gap.topic: gap.q_from}, {gap.topic: gap.q_to}, epoch=gap.epoch)
        self._ask(question, self._go_on)

    def step(self) -> bool:
        """Takes a part of an answer, if one is there."""
        if self._question is None:
            return False
        part = self._line.receive()
        now = time.monotonic()
        if part is None:
            if now >= self._deadline:
                self._give_up()
            return False
        self._deadline = now + _PATIENCE_SECONDS
        if not isinstance(part, End):
            self._reader.take_stored(part)
        elif part.reason:
            self._give_up()
        else:
            self._on_end(part)
        return True

    # Questions

    def _first_question(self) -> Question:
        if self._start.since_ns is not None:
            return Question(self._topics, since_ns=self._start.since_ns)
        for topic, q in (self._start.numbers or {}).items():
            self._reader.ledger.topic(topic).begin(0, q)
        return Question(self._topics, self._start.numbers)

    def _after_all_that_was_seen(self) -> Question:
        ledger = self._reader.ledger
        return Question(self._topics, ledger.positions(), epoch=ledger.epoch)

    def _ask(self, question: Question, on_end: _OnEnd) -> None:
        self._question = question
        self._on_end = on_end
        self._deadline = time.monotonic() + _PATIENCE_SECONDS
        try:
            self._line.ask(question)
        except Error:
            self._give_up()

    # Answers

    def _go_back(self, end: End) -> None:
        assert self._start.last is not None
        numbers = {topic: max(1, q - self._start.last) for topic, q in end.next.items()}
        for topic, q in numbers.items():
            self._reader.ledger.topic(topic).begin_at_or_behind(end.epoch, q)
        self._ask(Question(self._topics, numbers, epoch=end.epoch), self._go_on)

    def _begin_now(self, end: End) -> None:
        # What was held came when the subscriptions were live, but before the broker was asked: it is wanted.
        begun = {frames[0] for frames in self._held}
        self._finish(replace(end, next={t: q for t, q in end.next.items() if t.encode() not in begun}))

    def _go_on(self, end: End) -> None:
        if end.more:
            assert self._question is not None
            return self._ask(replace(self._question, from_=end.next, epoch=end.epoch, since_ns=None), self._go_on)
        self._finish(end)

    def _finish(self, end: End) -> None:
        self._reader.catch_up_to(end.epoch, end.next)
        self._question = None
        self._started = True

    def _give_up(self) -> None:
        self._line.hang_up()
        self._question = None
        self._paused_until = time.monotonic() + _PAUSE_SECONDS
