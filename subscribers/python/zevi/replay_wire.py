"""Questions to the broker's history and their answers, as bytes; WIRE.md shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from . import wire
from .topics import is_topic

#: Bodies in one answer.
ANSWER_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Question:
    """Which events: of ``topics`` (names, or prefixes with a ``*``), up to ``to``."""

    topics: Sequence[str]
    #: First number wanted of each topic; those not named begin at the oldest that is held. None: see the others.
    from_: Optional[Mapping[str, int]] = None
    to: Mapping[str, int] = field(default_factory=dict)
    since_ns: Optional[int] = None
    last: Optional[int] = None
    #: The epoch of the numbers in ``from_``.
    epoch: int = 0

    def encode(self, number: int) -> bytes:
        fields: Dict[str, Any] = {"k": "replay", "i": number, "t": list(self.topics)}
        if self.from_ is not None:
            fields["from"] = dict(self.from_)
        if self.to:
            fields["to"] = dict(self.to)
        if self.since_ns is not None:
            fields["since"] = self.since_ns
        if self.last is not None:
            fields["last"] = self.last
        fields["limit_bytes"] = ANSWER_BYTES
        fields["b"] = self.epoch
        return wire.pack(fields)


@dataclass(frozen=True)
class End:
    """Stands behind the stored messages of an answer."""

    epoch: int
    #: Of every topic that matched, the first number that the answer leaves out.
    next: Dict[str, int]
    #: Whether to ask again from there.
    more: bool = False
    #: Why the question was refused; empty if it was answered.
    reason: str = ""
    #: Topic, first and last number of what was asked for and cannot be had any more.
    gone: Sequence[Tuple[str, int, int]] = ()
    #: The last number of each topic in the epoch that the question named, if the broker remembers it and it is not its own.
    ended: Optional[Mapping[str, int]] = None


def decode_head(frame: bytes) -> Tuple[str, int, Dict[Any, Any]]:
    """Kind, number of the question and all fields of the first frame of a part of an answer."""
    fields = wire.unpack_map(frame)
    return wire.read_text(fields, "k"), wire.read_number(fields, "i"), fields


def decode_end(fields: Mapping[Any, Any]) -> End:
    wire.require(fields, "b")
    epoch, more = wire.read_number(fields, "b"), fields.get("more", False)
    if epoch == 0 or type(more) is not bool:
        raise wire.WireError("an end with a field of the wrong type")
    return End(
        epoch,
        _numbers(fields, "next", 1),
        more,
        wire.read_text(fields, "reason"),
        [_gone(hole) for hole in _list(fields, "gone")],
        _numbers(fields, "ended", 0) if "ended" in fields else None,
    )


def _numbers(fields: Mapping[Any, Any], key: str, least: int) -> Dict[str, int]:
    numbers = fields.get(key, {})
    if not isinstance(numbers, dict):
        raise wire.WireError(f"{key!r} is no map")
    for topic, number in numbers.items():
        if not _is_topic(topic) or not _is_number(number, least):
            raise wire.WireError(f"{key!r} with what is no number of a topic")
    return numbers


def _list(fields: Mapping[Any, Any], key: str) -> Sequence[Any]:
    values = fields.get(key, [])
    if not isinstance(values, list):
        raise wire.WireError(f"{key!r} is no list")
    return values


def _gone(hole: Any) -> Tuple[str, int, int]:
    if not isinstance(hole, list) or len(hole) < 3:
        raise wire.WireError("a hole that is no list of three")
    topic, first, last = hole[:3]
    if not _is_topic(topic) or not _is_number(first, 1) or not _is_number(last, first):
        raise wire.WireError("a hole that is no topic with two numbers")
    return topic, first, last


def _is_topic(value: Any) -> bool:
    return type(value) is str and is_topic(value)


def _is_number(value: Any, least: int) -> bool:
    return type(value) is int and least <= value < wire.ID_END
