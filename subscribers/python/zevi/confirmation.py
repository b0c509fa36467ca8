"""When what was handed out counts as done with."""

from __future__ import annotations

import time
from typing import Optional, Union

from .cursor import Cursor
from .event import Event
from .reader import Mark, Reached

_SAVE_SECONDS = 1.0  # how often a cursor is written that is confirmed by reading on


class Confirmation:
    """Between what a subscriber hands out and its cursor. What was handed out last is noted when more is asked for."""

    def __init__(self, cursor: Cursor, by_reading: bool) -> None:
        self._cursor = cursor
        self._by_reading = by_reading
        self._last: Union[Event, Mark, None] = None
        self._save_at = 0.0

    @property
    def is_idle(self) -> bool:
        """Nothing is handed out that the consumer may still be busy with."""
        return self._last is None

    def note_asking(self) -> None:
        """The consumer asks for more: it is done with what was handed out."""
        if not self._by_reading:
            return
        self._note_last()
        now = time.monotonic()
        if now >= self._save_at:
            self._cursor.save()
            self._save_at = now + _SAVE_SECONDS

    def note(self, found: Union[Event, Mark, Reached]) -> None:
        """This is next, whether the consumer sees it or not."""
        self._note_last()
        if not isinstance(found, Reached):
            self._last = found
            return
        is_first = self._cursor.is_blank
        self._cursor.note(found)
        if is_first:
            # Nothing was handed out that could be confirmed, and the next start must not begin later than here.
            self._cursor.save()

    def confirm(self) -> None:
        """All that was handed out is done with."""
        self._note_last()
        self._cursor.save()

    def close(self) -> None:
        if self._by_reading:
            self._cursor.save()

    def _note_last(self) -> None:
        if self._last is not None:
            self._cursor.note(self._last)
            self._last = None
