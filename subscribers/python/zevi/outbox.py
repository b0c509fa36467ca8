"""What has been published and not yet been put into a batch."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Deque, Dict, List, Optional, Tuple

from . import wire
from .wire import Interest
from .window import Batch, ResendWindow

#: A batch ends at this size even if there is more; larger ones save nothing.
_BATCH_BYTES = 128 * 1024


class TopicState:
    """One topic of one publisher. Guarded by the outbox's lock, except for ``wanted``."""

    def __init__(self, name: str, wanted: bool) -> None:
        self.name = name
        self.wanted = wanted
        self.waiting = 0  # events in the outbox
        self.next_p = 1  # number of the next event that is put into a batch
        self.dropped_before_next = 0  # drops since the last event that was taken into the outbox
        self.dropped = 0  # drops that have their numbers
        self.dropped_told = 0  # of those, the ones that the broker has been told of


#: An event in the outbox: its topic, its encoded entry, and how many were dropped just before it.
_Waiting = Tuple[TopicState, bytes, int]


class Outbox:
    """A queue from all publishing threads to the sending one, bounded in bytes. When it is full, the newest event is
    dropped and counted; the next one of its topic carries the count."""

    def __init__(self, bytes_max: int, wait_max: float) -> None:
        self.changed = threading.Condition()
        self.closed = False
        self.sleeping = False  # the sending thread waits to be woken
        self.put_count = 0  # events ever taken in
        self.taken_count = 0  # events ever put into batches
        self.dropped_count = 0
        self.suppressed_count = 0
        self._bytes_max = bytes_max
        self._wait_max = wait_max
        self._bytes = 0
        self._queue: Deque[_Waiting] = deque()
        self._topics: Dict[str, TopicState] = {}
        self._interest: Optional[Interest] = None

    def known(self, name: str) -> Optional[TopicState]:
        return self._topics.get(name)

    def topic(self, name: str) -> Optional[TopicState]:
        """The state of a topic, made at first sight; None past the limit."""
        state = self._topics.get(name)
        if state is None:
            with self.changed:
                state = self._topics.get(name)
                if state is None and len(self._topics) < wire.PUBLISHER_TOPICS_MAX:
                    state = TopicState(name, self._interest is None or self._interest.wants(name))
                    self._topics[name] = state
        return state

    def set_interest(self, interest: Optional[Interest]) -> None:
        """None keeps everything."""
        with self.changed:
            self._interest = interest
            for state in self._topics.values():
                state.wanted = interest is None or interest.wants(state.name)

    def put(self, state: TopicState, entry: bytes) -> bool:
        """Takes an event in, or drops it if there is no room, after waiting for it if so asked."""
        with self.changed:
            if self._bytes + len(entry) > self._bytes_max and not self._wait_for_room(len(entry)):
                self._drop(state)
                return False
            self._queue.append((state, entry, state.dropped_before_next))
            self._bytes += len(entry)
            state.dropped_before_next = 0
            state.waiting += 1
            self.put_count += 1
            return True

    def _wait_for_room(self, size: int) -> bool:
        end = time.monotonic() + self._wait_max
        while not self.closed and self._bytes + size > self._bytes_max:
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.changed.wait(left)
        return not self.closed

    def suppress(self) -> None:
        """Counts an event that nobody wants."""
        with self.changed:
            self.suppressed_count += 1

    def drop(self, state: TopicState) -> None:
        """Counts an event that cannot be taken in."""
        with self.changed:
            self._drop(state)

    def _drop(self, state: TopicState) -> None:
        state.dropped_before_next += 1
        self.dropped_count += 1

    def is_empty(self) -> bool:
        return not self._queue

    # The sending thread

    def take_batches(self, bytes_max: int, window: ResendWindow) -> None:
        """Puts up to about ``bytes_max`` bytes into the window, in batches of one topic each."""
        with self.changed:
            open_batches: Dict[TopicState, Batch] = {}
            batches: List[Batch] = []
            taken = 0
            while self._queue and (taken == 0 or taken + len(self._queue[0][1]) <= bytes_max):
                state, entry, dropped_before = self._queue.popleft()
                taken += len(entry)
                batch = open_batches.get(state)
                full = batch is not None and batch.size + len(entry) > _BATCH_BYTES
                if batch is None or full or dropped_before:
                    # An event behind a drop begins a batch, since its number does not follow the one before.
                    state.next_p += dropped_before
                    state.dropped += dropped_before
                    state.dropped_told = state.dropped
                    batch = Batch(state.name, window.next_s + len(batches), state.next_p, state.dropped)
                    open_batches[state] = batch
                    batches.append(batch)
                batch.add(entry)
                state.next_p += 1
                state.waiting -= 1
                self.taken_count += 1
            self._bytes -= taken
            for batch in batches:
                window.add(batch)
            self.changed.notify_all()

    def drops_to_tell(self) -> Dict[str, int]:
        """For a beat: the drops so far, of topics where they changed and that have nothing waiting to carry them."""
        with self.changed:
            told: Dict[str, int] = {}
            for state in self._topics.values():
                if state.waiting == 0 and state.dropped_before_next:
                    state.next_p += state.dropped_before_next
                    state.dropped += state.dropped_before_next
                    state.dropped_before_next = 0
                if state.dropped != state.dropped_told:
                    state.dropped_told = state.dropped
                    told[state.name] = state.dropped
            return told

    def forget_telling(self) -> None:
        """What was told may have been lost with the connection: tell it again."""
        with self.changed:
            for state in self._topics.values():
                state.dropped_told = 0
