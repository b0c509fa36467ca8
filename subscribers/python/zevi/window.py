"""Batches that were numbered and that the broker has not acknowledged."""

from __future__ import annotations

from collections import deque
from typing import Deque, List, Optional

from . import wire


class Batch:
    """Events of one topic. Once it is in the window it never changes: it is sent again byte for byte."""

    def __init__(self, topic: str, s: int, p: int, dropped: int) -> None:
        self.topic = topic
        self.s = s
        self.size = 5
        self.events = 0
        self.was_sent = False
        self.rejected = False
        self._p = p
        self._dropped = dropped
        self._entries: List[bytes] = []
        self._frames: Optional[List[bytes]] = None

    def add(self, entry: bytes) -> None:
        self._entries.append(entry)
        self.size += len(entry)
        self.events += 1

    def frames(self) -> List[bytes]:
        if self._frames is None:
            header = wire.encode_events_header(self.topic, self.s, self._p, self.events, self._dropped)
            self._frames = [header, wire.encode_body(self._entries)]
            self._entries = []
        return self._frames


class ResendWindow:
    """In order of their numbers, which follow one another; the lowest is released first, so that what is left can be
    sent again without a hole."""

    def __init__(self) -> None:
        self.bytes = 0
        self.next_s = 1
        self._batches: Deque[Batch] = deque()
        self._unsent = 0  # how many at the end have not been sent on this connection

    def add(self, batch: Batch) -> None:
        self._batches.append(batch)
        self.next_s = batch.s + 1
        self.bytes += batch.size
        self._unsent += 1

    @property
    def lowest_s(self) -> int:
        """The lowest number that is not acknowledged, or the next one."""
        return self._batches[0].s if self._batches else self.next_s

    def rewind(self) -> None:
        """All is to be sent again, to whoever says welcome next."""
        self._unsent = len(self._batches)

    def next_to_send(self) -> Optional[Batch]:
        return self._batches[len(self._batches) - self._unsent] if self._unsent else None

    def sent(self) -> None:
        """The batch that ``next_to_send`` gave went to the socket."""
        self._unsent -= 1

    def find(self, s: int) -> Optional[Batch]:
        at = s - self._batches[0].s if self._batches else -1
        return self._batches[at] if 0 <= at < len(self._batches) else None

    def release(self, ack: wire.Ack, welcome: wire.Welcome) -> List[Batch]:
        """Takes out what its topic's own level of acknowledgement has reached."""
        released: List[Batch] = []
        while self._batches:
            batch = self._batches[0]
            if getattr(ack, welcome.level(batch.topic), ack.memory) < batch.s:
                break
            released.append(self._batches.popleft())
            self.bytes -= batch.size
            self._unsent = min(self._unsent, len(self._batches))
        return released

    def events(self) -> int:
        return sum(batch.events for batch in self._batches)
