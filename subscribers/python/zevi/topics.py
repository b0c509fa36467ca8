"""The rules for topics."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import Error

#: The longest topic in bytes.
TOPIC_BYTES_MAX = 128
#: Topics that begin with this are published by the broker alone.
RESERVED_PREFIX = "E_ZEVI_"
#: A subscription that begins with this asks for a barrier message instead of events.
READY_PREFIX = "~ready."

_PREFIX = re.compile(r"[A-Za-z0-9_.-]{0,%d}\Z" % TOPIC_BYTES_MAX)


def is_topic_prefix(text: str) -> bool:
    """True if the text may begin a topic; the empty text begins every one."""
    return _PREFIX.match(text) is not None


def is_topic(text: str) -> bool:
    """True for 1 to 128 of ``A-Z a-z 0-9 _ . -``."""
    return text != "" and is_topic_prefix(text)


@dataclass(frozen=True)
class TopicFilter:
    """One topic by its exact name, or every topic with a prefix. ZeroMQ matches by prefix alone, so an exact filter is
    applied again on arrival."""

    prefix: str
    exact: bool

    @classmethod
    def parse(cls, text: str) -> "TopicFilter":
        """``E_CORE_LOG`` for a topic, ``E_CORE_*`` for a prefix, ``*`` for everything."""
        exact = not text.endswith("*")
        prefix = text if exact else text[:-1]
        if not (is_topic(prefix) if exact else is_topic_prefix(prefix)):
            raise Error(
                f"{text!r} is no topic: use 1 to 128 of A-Z a-z 0-9 _ . - and, for a prefix, one * at the end"
            )
        return cls(prefix, exact)

    @property
    def text(self) -> str:
        """What `parse` makes it of."""
        return self.prefix if self.exact else self.prefix + "*"

    def matches(self, topic: str) -> bool:
        return topic == self.prefix if self.exact else topic.startswith(self.prefix)
