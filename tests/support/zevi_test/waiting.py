"""Waiting on a condition instead of sleeping."""

from __future__ import annotations

import time
from typing import Callable, TypeVar, Union

T = TypeVar("T")

#: How long a test waits for what must happen. Generous: it is only ever reached by a failure.
deadline_seconds = 30.0


def wait_until(
    condition: Callable[[], T],
    deadline: float = deadline_seconds,
    what: Union[str, Callable[[], str]] = "the condition",
    interval: float = 0.005,
) -> T:
    """Calls `condition` until it gives something true, and returns that. Fails after `deadline` seconds, saying `what`
    it waited for (text, or a function that makes the text then)."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise AssertionError(f"not within {deadline} s: {what() if callable(what) else what}")
        time.sleep(interval)
