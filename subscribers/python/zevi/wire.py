"""Version 1 of what publishers, broker and subscribers say to one another, as ``schema/WIRE.md`` shows it byte for
byte. Bytes in, values out. Decoding raises ``WireError`` and nothing else, whatever the bytes."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import msgpack

from .topics import is_topic_prefix

VERSION_MIN = 1
VERSION_MAX = 1
#: Ids and epochs stay below this: JavaScript and jq lose larger integers.
ID_END = 1 << 53

_TIME_END = 1 << 63

EVENT_BYTES_MAX = 64 * 1024
BATCH_BYTES_MAX = 256 * 1024
#: Of a message of `stream`, unless a single event is larger.
MESSAGE_BYTES_MAX = 64 * 1024
NESTING_MAX = 16
WINDOW_BYTES = 8 * 1024 * 1024
SUBSCRIBER_BUDGET_BYTES = 64 * 1024 * 1024
PUBLISHER_TOPICS_MAX = 1024
BEAT_SECONDS = 1.0


class WireError(ValueError):
    """Bytes that are not what they should be."""


def random_id() -> int:
    """A random id between 1 and 2^53 - 1."""
    return random.SystemRandom().randrange(1, ID_END)


def pack(value: Any) -> bytes:
    return msgpack.packb(value, use_bin_type=True)  # type: ignore[no-any-return]


def unpack(frame: bytes) -> Any:
    try:
        return msgpack.unpackb(frame, raw=False, strict_map_key=False)
    except Exception as error:  # msgpack has a dozen kinds, and hostile bytes reach most of them
        raise WireError(f"no msgpack: {error}") from None


def unpack_map(frame: bytes) -> Dict[Any, Any]:
    value = unpack(frame)
    if not isinstance(value, dict):
        raise WireError("no map")
    return value


def read_number(fields: Mapping[Any, Any], key: str, end: int = ID_END) -> int:
    """A number, 0 if it is missing; only times are larger than ``ID_END``."""
    value = fields.get(key, 0)
    if type(value) is not int or not 0 <= value < end:
        raise WireError(f"{key!r} is no number in range")
    return value


def read_text(fields: Mapping[Any, Any], key: str) -> str:
    value = fields.get(key, "")
    if type(value) is not str:
        raise WireError(f"{key!r} is no text")
    return value


def require(fields: Mapping[Any, Any], *keys: str) -> None:
    for key in keys:
        if key not in fields:
            raise WireError(f"{key!r} is missing")


# What an event may hold


def pack_params(params: Mapping[Any, Any]) -> bytes:
    """The parameters of an event as a msgpack map. Text that is not UTF-8 (``str`` with surrogates, as
    ``errors="surrogateescape"`` makes it) travels as ``bin``. Raises ``TypeError`` or ``ValueError`` for what an event
    cannot hold."""
    if not isinstance(params, Mapping):
        raise TypeError(f"an event's parameters are a mapping, not {type(params).__name__}")
    try:
        return pack(_storable(params, 1))
    except OverflowError:
        raise ValueError("an integer of more than 64 bits") from None


def _storable(value: Any, depth: int) -> Any:
    kind = type(value)
    if kind is str:
        return _storable_text(value)
    if value is None or kind in (int, float, bool, bytes):
        return value
    if isinstance(value, Mapping):
        if depth > NESTING_MAX:
            raise ValueError(f"maps and lists nested deeper than {NESTING_MAX}")
        return {_storable_key(k): _storable(v, depth + 1) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        if depth > NESTING_MAX:
            raise ValueError(f"maps and lists nested deeper than {NESTING_MAX}")
        return [_storable(v, depth + 1) for v in value]
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    for base in (str, int, float, bytes):  # their subclasses, enumerations among them
        if isinstance(value, base):
            return _storable(base(value) if base is not str else str.__str__(value), depth)
    raise TypeError(f"an event cannot hold a {kind.__name__}")


def _storable_key(key: Any) -> Any:
    if not isinstance(key, (str, bytes)):
        raise TypeError(f"a parameter's name is text, not {type(key).__name__}")
    return _storable(key, NESTING_MAX)


def _storable_text(text: str) -> Any:
    try:
        text.encode()
        return text
    except UnicodeEncodeError:
        pass
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return text.encode(errors="surrogatepass")


# Publisher to broker


def encode_hello(src: str, pid: int, host: str, id: int, s: int, g: int) -> bytes:
    versions = [VERSION_MIN, VERSION_MAX]
    return pack({"k": "hello", "v": versions, "src": src, "pid": pid, "host": host, "id": id, "s": s, "g": g})


def encode_events_header(t: str, s: int, p: int, n: int, d: int, o: str = "") -> bytes:
    header = {"k": "events", "t": t, "s": s, "p": p, "n": n, "d": d}
    if o:
        header["o"] = o
    return pack(header)


def encode_body(entries: Sequence[bytes]) -> bytes:
    """The body of a batch from its entries, each made by ``encode_entry``."""
    return b"\xdd" + struct.pack(">I", len(entries)) + b"".join(entries)


def encode_entry(time_ns: int, params: bytes) -> bytes:
    """The pair ``[time_ns, params]``, the parameters packed already."""
    return struct.pack(">BBq", 0x92, 0xD3, time_ns) + params


def encode_beat(g: int, dropped: Mapping[str, int]) -> bytes:
    return pack({"k": "beat", "g": g, "d": dict(dropped)})


def encode_bye(s: int, dropped: Mapping[str, int]) -> bytes:
    return pack({"k": "bye", "s": s, "d": dict(dropped)})


# Broker to publisher


@dataclass
class Welcome:
    version: int
    id: int
    window_bytes: int
    event_bytes: int
    batch_bytes: int
    levels: List[Tuple[str, str]]

    def level(self, topic: str) -> str:
        """The acknowledgement that releases a batch of this topic: the longest prefix decides."""
        found = max((pair for pair in self.levels if topic.startswith(pair[0])), key=_prefix_length, default=None)
        return "memory" if found is None else found[1]


@dataclass
class Interest:
    g: int
    wanted: List[str]
    kept: List[Tuple[str, bool]]

    def wants(self, topic: str) -> bool:
        if any(topic.startswith(prefix) for prefix in self.wanted):
            return True
        found = max((pair for pair in self.kept if topic.startswith(pair[0])), key=_prefix_length, default=None)
        return found is not None and found[1]


@dataclass
class Ack:
    memory: int
    written: int
    synced: int
    #: How long to collect events before the next batch.
    pace_us: int = 0


@dataclass
class Reject:
    s: int
    topic: str
    n: int
    reason: str


@dataclass
class Who:
    pass


@dataclass
class Unknown:
    """Well formed, but of a kind that this version does not know; to be skipped."""


def _prefix_length(pair: Tuple[str, Any]) -> int:
    return len(pair[0])


def _pairs(fields: Mapping[Any, Any], key: str, kind: type) -> List[Tuple[str, Any]]:
    value = fields.get(key, [])
    if not isinstance(value, list):
        raise WireError(f"{key!r} is no list")
    for pair in value:
        if not isinstance(pair, list) or len(pair) < 2 or type(pair[0]) is not str or type(pair[1]) is not kind:
            raise WireError(f"{key!r} holds something else than pairs")
        if not is_topic_prefix(pair[0]):
            raise WireError(f"{key!r} holds something else than prefixes")
    return [(pair[0], pair[1]) for pair in value]


def decode_answer(frame: bytes) -> Any:
    """What the broker says to a publisher: Welcome, Interest, Ack, Reject, Who or Unknown."""
    fields = unpack_map(frame)
    kind = fields.get("k")
    if kind == "welcome":
        if fields.get("v") != VERSION_MAX:
            raise WireError(f"version {fields.get('v')}")
        levels = _pairs(fields, "levels", str)
        if any(level not in ("memory", "written", "synced") for _prefix, level in levels):
            raise WireError("an unknown level of acknowledgement")
        limits = fields.get("limits", {})
        if not isinstance(limits, dict):
            raise WireError("'limits' is no map")
        return Welcome(
            read_number(fields, "v"),
            read_number(fields, "id"),
            read_number(fields, "window_bytes") or WINDOW_BYTES,
            read_number(limits, "event_bytes") or EVENT_BYTES_MAX,
            read_number(limits, "batch_bytes") or BATCH_BYTES_MAX,
            levels,
        )
    if kind == "interest":
        g = read_number(fields, "g")
        wanted = fields.get("w", [])
        if not isinstance(wanted, list) or not all(type(p) is str and is_topic_prefix(p) for p in wanted):
            raise WireError("'w' is no list of prefixes")
        if g == 0:
            raise WireError("an interest without a generation")
        return Interest(g, wanted, _pairs(fields, "h", bool))
    if kind == "ack":
        levels = (read_number(fields, level) for level in ("memory", "written", "synced"))
        return Ack(*levels, pace_us=read_number(fields, "pace_us"))
    if kind == "reject":
        require(fields, "s")
        return Reject(read_number(fields, "s"), read_text(fields, "t"), read_number(fields, "n"), read_text(fields, "reason"))
    if kind == "who":
        return Who()
    if type(kind) is not str:
        raise WireError("no kind")
    return Unknown()


# Broker to subscriber


@dataclass
class Run:
    """Who published the next ``count`` entries of a body."""

    id: int
    src: str
    pid: int
    p: int
    count: int
    host: str
    origin: str


@dataclass
class StreamHeader:
    epoch: int
    q: int
    n: int
    at: int
    lost_before: int
    runs: List[Run] = field(default_factory=list)


@dataclass
class EventMeta:
    q: int
    p: int
    lost_before: int
    time_ns: int
    src: str
    host: str
    pid: int
    id: int
    epoch: int


@dataclass
class ReadyMeta:
    epoch: int
    at: int
    unconfirmed: int
    #: At `stream` and `events`: prefixes whose topics are elsewhere, in the same format, with the endpoints.
    routes: Tuple[Tuple[str, str], ...] = ()
    #: At a route: its prefix.
    route: Optional[str] = None


_RUN_TYPES = (int, str, int, int, int, str, str)


def _decode_run(value: Any) -> Run:
    if not isinstance(value, list) or len(value) < 7:
        raise WireError("a run that is no list of seven")
    for part, kind in zip(value, _RUN_TYPES):
        if type(part) is not kind or (kind is int and not 0 <= part < ID_END):
            raise WireError("a run with a part of the wrong type")
    run = Run(*value[:7])
    if run.count == 0:
        raise WireError("a run of no events")
    return run


def decode_stream_header(frame: bytes) -> StreamHeader:
    fields = unpack_map(frame)
    require(fields, "b", "q", "n")
    runs = fields.get("r", [])
    if not isinstance(runs, list):
        raise WireError("'r' is no list")
    header = StreamHeader(
        read_number(fields, "b"),
        read_number(fields, "q"),
        read_number(fields, "n"),
        read_number(fields, "at", _TIME_END),
        read_number(fields, "l"),
        [_decode_run(run) for run in runs],
    )
    if read_number(fields, "v") != VERSION_MAX:
        raise WireError(f"version {fields.get('v')}")
    if header.q == 0 or header.n == 0 or sum(run.count for run in header.runs) != header.n:
        raise WireError("numbers that do not add up")
    return header


def decode_body(frame: bytes, n: int) -> List[Tuple[int, Dict[Any, Any]]]:
    """The ``n`` entries of a body, ``[time_ns, params]`` each."""
    entries = unpack(frame)
    if not isinstance(entries, list) or len(entries) != n or n == 0:
        raise WireError("another number of events than announced")
    for entry in entries:
        if type(entry) is list and len(entry) == 2:
            time_ns, params = entry
            if type(time_ns) is int and type(params) is dict and -_TIME_END <= time_ns < _TIME_END:
                continue
        raise WireError("an entry that is no pair of a time in 64 bits and parameters")
    return entries  # type: ignore[return-value]


def decode_params(frame: bytes) -> Dict[Any, Any]:
    return unpack_map(frame)


def decode_event_meta(frame: bytes) -> EventMeta:
    fields = unpack_map(frame)
    require(fields, "q", "b")
    time_ns = fields.get("time_ns", 0)
    if type(time_ns) is not int or not -_TIME_END <= time_ns < _TIME_END:
        raise WireError("'time_ns' is no time")
    if fields["q"] == 0:
        raise WireError("an event without a number")
    if type(fields.get("time", 0.0)) is not float:
        raise WireError("'time' is no time")
    return EventMeta(
        read_number(fields, "q"),
        read_number(fields, "p"),
        read_number(fields, "l"),
        time_ns,
        read_text(fields, "src"),
        read_text(fields, "host"),
        read_number(fields, "pid"),
        read_number(fields, "id"),
        read_number(fields, "b"),
    )


def decode_ready(frame: bytes) -> ReadyMeta:
    fields = unpack_map(frame)
    require(fields, "b")
    routes = fields.get("routes", [])
    if type(routes) is not list:
        raise WireError("'routes' is no list")
    return ReadyMeta(
        read_number(fields, "b"),
        read_number(fields, "at", _TIME_END),
        read_number(fields, "unconfirmed"),
        tuple(_decode_route(value) for value in routes),
        _decode_prefix(fields["route"]) if "route" in fields else None,
    )


def _decode_route(value: Any) -> Tuple[str, str]:
    if type(value) is not list or len(value) < 2 or type(value[1]) is not str:
        raise WireError("a route that is no list of prefix and endpoint")
    return _decode_prefix(value[0]), value[1]


def _decode_prefix(value: Any) -> str:
    if type(value) is not str or not is_topic_prefix(value):
        raise WireError(f"{value!r} is no prefix of a topic")
    return value
