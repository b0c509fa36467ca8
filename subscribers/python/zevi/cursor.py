"""How far a consumer has come, kept in a file so that it goes on there when it is started again."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, Union

from .errors import Error
from .event import EpochChanged, Event, Lost
from .topics import is_topic

_VERSION = 1
_PUBLISHERS_MAX = 10_000


class Cursor:
    """Notes what is handed out; `save` makes that what the consumer has done with.

    The file is JSON: the epoch, the next number of each topic, and of each topic the highest number of every publisher
    (for events that are sent again under a new number)."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.epoch = 0
        self.next: Dict[str, int] = {}
        self.publishers: Dict[str, Dict[int, int]] = {}
        self.is_new = True
        self._saved = True
        try:
            with open(path, encoding="utf-8") as file:
                self._load(json.load(file))
            self.is_new = False
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            raise Error(f"cannot use the cursor {path}: {error}; move it away to begin anew") from None

    def _load(self, content: Any) -> None:
        """Raises ``ValueError`` if it is no cursor."""
        if not isinstance(content, dict) or content.get("version") != _VERSION:
            raise ValueError(f"it is no cursor of version {_VERSION}")
        try:
            self.epoch = _number(content["epoch"])
            self.next = {_topic(topic): _number(q) for topic, q in content["next"].items()}
            self.publishers = {
                _topic(topic): {int(id): _number(p) for id, p in numbers.items()}
                for topic, numbers in content["publishers"].items()
            }
        except (KeyError, AttributeError, TypeError) as error:
            raise ValueError(f"it is no cursor: {error!r}") from None

    def note(self, found: Union[Event, Lost, EpochChanged]) -> None:
        """Something is handed out."""
        if type(found) is Event:
            self.epoch = found.epoch
            self.next[found.topic] = found.q + 1
            if found.p:
                numbers = self.publishers.setdefault(found.topic, {})
                numbers.pop(found.id, None)  # so that the first is the one that was silent for longest
                numbers[found.id] = found.p
                if len(numbers) > _PUBLISHERS_MAX:
                    del numbers[next(iter(numbers))]
        elif type(found) is Lost:
            if found.q_to is not None:
                self.next[found.topic] = max(found.q_to + 1, self.next.get(found.topic, 0))
        elif type(found) is EpochChanged:
            # Numbers of the epoch before say nothing now. What is still held of it is known by its publishers' numbers.
            self.epoch = found.now
            self.next.clear()
        self._saved = False

    def save(self) -> None:
        """Writes it and waits until the disk has it. Raises ``Error`` if that fails; the file is then as it was."""
        if self._saved:
            return
        content = {"version": _VERSION, "epoch": self.epoch, "next": self.next, "publishers": self.publishers}
        beside = self.path + ".new"
        try:
            with open(beside, "w", encoding="utf-8") as file:
                json.dump(content, file, separators=(",", ":"))
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, self.path)
            _sync_directory(os.path.dirname(os.path.abspath(self.path)))
        except OSError as error:
            raise Error(f"cannot write the cursor {self.path}: {error}") from None
        self._saved = True


def _topic(value: Any) -> str:
    if type(value) is not str or not is_topic(value):
        raise ValueError(f"it has {value!r} for a topic")
    return value


def _number(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"it has {value!r} for a number")
    return value


def _sync_directory(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
