"""What a subscriber hands out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Dict, Iterator, Optional


class Event:
    """One event. Its parameters are read as from a dict: ``event["message"]``, ``event.get("prefix")``,
    ``"prefix" in event``; an optional parameter that is absent is not there. Text is ``str``; what was text but not
    UTF-8 arrives as ``bytes``, unchanged."""

    __slots__ = ("topic", "q", "time_ns", "src", "pid", "host", "id", "p", "epoch", "origin", "params")

    topic: str
    #: Number of the event in its topic, given by the broker, without gaps.
    q: int
    #: When it was published, in nanoseconds since 1970.
    time_ns: int
    #: Name of the program that published it, its pid and its host.
    src: str
    pid: int
    host: str
    #: Random id of the publishing process, and that publisher's own number of the event in this topic.
    id: int
    p: int
    #: Id of the broker's numbering; ``q`` may begin anew when it changes.
    epoch: int
    #: Where a bridge had the event from; empty for an event of this machine.
    origin: str
    #: All parameters.
    params: Dict[Any, Any]

    def __init__(
        self,
        topic: str,
        q: int,
        time_ns: int,
        params: Dict[Any, Any],
        src: str = "",
        pid: int = 0,
        host: str = "",
        id: int = 0,
        p: int = 0,
        epoch: int = 0,
        origin: str = "",
    ) -> None:
        self.topic = topic
        self.q = q
        self.time_ns = time_ns
        self.params = params
        self.src = src
        self.pid = pid
        self.host = host
        self.id = id
        self.p = p
        self.epoch = epoch
        self.origin = origin

    @property
    def time(self) -> float:
        """When it was published, in seconds since 1970 as ``time.time()`` has them; ``time_ns`` is exact."""
        return self.time_ns / 1e9

    @property
    def datetime(self) -> datetime:
        """When it was published, to the microsecond, in UTC."""
        seconds, ns = divmod(self.time_ns, 1_000_000_000)
        return datetime.fromtimestamp(seconds, timezone.utc).replace(microsecond=ns // 1000)

    def __getitem__(self, name: str) -> Any:
        return self.params[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self.params.get(name, default)

    def __contains__(self, name: object) -> bool:
        return name in self.params

    def __iter__(self) -> Iterator[Any]:
        return iter(self.params)

    def __repr__(self) -> str:
        return f"Event({self.topic!r}, q={self.q}, src={self.src!r}, pid={self.pid}, params={self.params!r})"


@dataclass(frozen=True)
class Lost:
    """Events of one topic that did not arrive."""

    topic: str
    #: How many.
    count: int
    #: ``"after broker"``: the broker had them and they are missing here, because this subscriber was too slow or not
    #: connected. ``"before broker"``: they never reached the broker, because their publisher dropped them.
    #: ``"with broker"``: a broker that ended without its history had them, or their publisher dropped them while there was
    #: none; told when that publisher is heard again.
    where: str
    #: First and last number of those lost after the broker; None for the others.
    q_from: Optional[int] = None
    q_to: Optional[int] = None
    #: Of those lost with the broker, the publisher and its first and last number; None for the others.
    id: Optional[int] = None
    p_from: Optional[int] = None
    p_to: Optional[int] = None

    def __str__(self) -> str:
        numbers = "" if self.q_from is None else f" (q {self.q_from} to {self.q_to})"
        if self.id is not None:
            numbers = f" (publisher {self.id}, p {self.p_from} to {self.p_to})"
        return f"{self.topic}: {self.count} lost {self.where}{numbers}"


@dataclass(frozen=True)
class EpochChanged:
    """The broker began to number anew. What its publishers still held is sent again, and is not delivered twice; what is
    missing of a publisher is told as lost with the broker when it is heard again."""

    before: int
    now: int

    def __str__(self) -> str:
        return f"the broker began a new numbering (epoch {self.before} to {self.now})"


@dataclass(frozen=True)
class HistoryMissing:
    """What was to be read out of the broker's history could not be had. Reading goes on with what is live."""

    reason: str

    def __str__(self) -> str:
        return f"the broker's history cannot be read: {self.reason}"
