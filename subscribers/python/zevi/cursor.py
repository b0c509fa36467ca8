"""How far a consumer has come, kept in a file so that it goes on there when it is started again."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, Sequence, Set, Union

from .errors import Error
from .event import EpochChanged, Event, HistoryMissing, Lost
from .ledger import Ledger
from .reader import Reached
from .topics import is_topic

_VERSION = 1
_PUBLISHERS_MAX = 10_000


class Cursor:
    """Notes what is handed out; `save` makes that what the consumer has done with.

    The file is JSON:

    - ``epoch``, and of it ``next``: the next number of each topic, of silent ones too; ``lost_before``: the broker's count of
      what was lost before it. Numbers never outlive their epoch.
    - ``publishers``: of each topic the highest number of every publisher, for events that are sent again under a new number.
      ``before``: those of them that were not yet seen in this epoch. ``whole``: the topics that were read from their first event on,
      ``seen``: those that were read at all.
    - ``topics``: what was asked for.
    - ``has_changed``: whether there was an epoch before this one. ``knows_all``: whether those of the
      topics that are not in ``next`` had no event."""

    def __init__(self, path: str, topics: Sequence[str] = ("*",)) -> None:
        self.path = path
        self._topics = sorted(topics)
        self.epoch = 0
        self.has_changed = False
        self.knows_all = False
        self.next: Dict[str, int] = {}
        self.lost_before: Dict[str, int] = {}
        self.publishers: Dict[str, Dict[int, int]] = {}
        self.before: Dict[str, Set[int]] = {}
        self.whole: Set[str] = set()
        self._seen: Set[str] = set()  # topics of which some number is or was known
        #: There is no such file yet.
        self.is_new = True
        #: Nothing was noted yet.
        self.is_blank = True
        self._saved = True
        try:
            with open(path, encoding="utf-8") as file:
                self._load(json.load(file))
            self.is_new = self.is_blank = False
        except FileNotFoundError:
            pass
        except (OSError, ValueError, RecursionError) as error:
            raise Error(f"cannot use the cursor {path}: {error}; move it away to begin anew") from None

    def _load(self, content: Any) -> None:
        """Raises ``ValueError`` if it is no cursor."""
        if not isinstance(content, dict) or content.get("version") != _VERSION:
            raise ValueError(f"it is no cursor of version {_VERSION}")
        try:
            self.epoch = _number(content["epoch"])
            self.has_changed = bool(content.get("has_changed", False))
            # Nothing is known of topics that were not asked for.
            self.knows_all = bool(content.get("knows_all", False)) and content.get("topics") == self._topics
            self.next = _numbers(content["next"])
            self.lost_before = _numbers(content.get("lost_before", {}))
            self.publishers = {
                _topic(topic): {int(id): _number(p) for id, p in numbers.items()}
                for topic, numbers in content["publishers"].items()
            }
            self.before = {_topic(topic): set(map(_number, ids)) for topic, ids in content.get("before", {}).items()}
            self.whole = set(map(_topic, content.get("whole", [])))
            self._seen = set(map(_topic, content.get("seen", self.publishers))).union(self.next)
        except (KeyError, AttributeError, TypeError) as error:
            raise ValueError(f"it is no cursor: {error!r}") from None

    # Going on

    def restore(self, ledger: Ledger) -> None:
        """What a reader has to know to go on here."""
        if self.epoch == 0:
            return
        for topic in self._seen:
            known = 0 if self.has_changed else None
            ledger.topic(topic).restore(self.next.get(topic, 0), self.lost_before.get(topic, known))
        for topic, numbers in self.publishers.items():
            before = self.before.get(topic, set())
            ledger.topic(topic).publishers.restore(
                {id: p for id, p in numbers.items() if id not in before},
                {id: p for id, p in numbers.items() if id in before},
            )
        for topic in self.whole:
            ledger.topic(topic).publishers.is_whole = True
        ledger.restore_epoch(self.epoch, self.has_changed, self.knows_all)

    # Noting

    def note(self, found: Union[Event, Lost, EpochChanged, HistoryMissing, Reached]) -> None:
        """Something is handed out."""
        if type(found) is Event:
            if self.epoch == 0:
                self.epoch = found.epoch
            if found.epoch == self.epoch:  # else it came late
                self._note_next(found.topic, found.q + 1, found.q)
            if found.p:
                self._note_publisher(found.topic, found.id, found.p)
        elif type(found) is Lost:
            self._note_lost(found)
        elif type(found) is Reached:
            self._enter_epoch(found.epoch)
            for topic, q in found.next.items():
                self._note_next(topic, q, q)
            self.knows_all = self.knows_all or found.is_all
            self.lost_before.update(found.lost_before)
        elif type(found) is EpochChanged:
            self._enter_epoch(found.now)
        self.is_blank = False
        self._saved = False

    def _note_next(self, topic: str, next_q: int, first_q: int) -> None:
        known = self.next.get(topic)
        if known is None:
            if topic not in self._seen:
                self._seen.add(topic)
                if first_q == 1:
                    self.whole.add(topic)
            if first_q == 1 or self.has_changed:
                self.lost_before.setdefault(topic, 0)
        if known is None or next_q > known:
            self.next[topic] = next_q

    def _note_publisher(self, topic: str, id: int, p: int) -> None:
        numbers = self.publishers.setdefault(topic, {})
        p = max(p, numbers.pop(id, 0))  # so that the first is the one that was silent for longest
        numbers[id] = p
        before = self.before.get(topic)
        if before is not None:
            before.discard(id)
        if len(numbers) > _PUBLISHERS_MAX:
            forgotten = next(iter(numbers))
            del numbers[forgotten]
            self.before.get(topic, set()).discard(forgotten)
            self.whole.discard(topic)

    def _note_lost(self, lost: Lost) -> None:
        if lost.q_from is not None and lost.q_to is not None:
            self._note_next(lost.topic, lost.q_to + 1, lost.q_from)
        elif lost.id is not None and lost.p_to is not None:
            self._note_publisher(lost.topic, lost.id, lost.p_to)
        else:
            self.lost_before[lost.topic] = self.lost_before.get(lost.topic, 0) + lost.count

    def _enter_epoch(self, epoch: int) -> None:
        if epoch == self.epoch:
            return
        before, self.epoch = self.epoch, epoch
        if before == 0:
            return
        # Numbers of the epoch before say nothing now.
        self.has_changed = True
        self.knows_all = False
        self.next.clear()
        self.lost_before.clear()
        self.before = {topic: set(numbers) for topic, numbers in self.publishers.items()}

    def save(self) -> None:
        """Writes it and waits until the disk has it. Raises ``Error`` if that fails; the file is then as it was."""
        if self._saved:
            return
        content = {
            "version": _VERSION,
            "topics": self._topics,
            "epoch": self.epoch,
            "has_changed": self.has_changed,
            "knows_all": self.knows_all,
            "next": self.next,
            "lost_before": self.lost_before,
            "publishers": self.publishers,
            "before": {topic: sorted(ids) for topic, ids in self.before.items() if ids},
            "whole": sorted(self.whole),
            "seen": sorted(self._seen),
        }
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
        self.is_new = False
        self._saved = True


def _numbers(value: Any) -> Dict[str, int]:
    return {_topic(topic): _number(number) for topic, number in value.items()}


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
