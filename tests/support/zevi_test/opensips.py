"""What a real OpenSIPS sent, and what of it a subscriber must see."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any, Dict, Iterable, List, Sequence, Tuple

from play_capture import read_recording

from .raw_subscriber import RawEvent, RawSubscriber

_captures = Path(__file__).resolve().parents[2] / "data/captures"

Event = Tuple[str, Dict[Any, Any]]


def recorded_datagrams() -> List[bytes]:
    """The payloads of the datagram recording, in the order of arrival."""
    return [datagram.payload for datagram in read_recording()]


def recorded_stream(name: str) -> bytes:
    """The bytes of a stream recording: `opensips-stream` or `opensips-stream-reliable`."""
    return (_captures / f"{name}.bin").read_bytes()


def split_objects(stream: bytes) -> List[Tuple[bytes, Dict[str, Any]]]:
    """The objects of a stream, each as its bytes and as Python's own JSON reads it (the last of equal names wins)."""
    text = stream.decode("utf-8", "surrogateescape")
    decoder = json.JSONDecoder()
    objects = []
    at = 0
    while at < len(text):
        value, end = decoder.raw_decode(text, at)
        objects.append((text[at:end].encode("utf-8", "surrogateescape"), value))
        at = end
    return objects


def expected_event(payload: bytes) -> Event:
    """Topic and parameters as a msgpack reader must find them: bytes where the text is not UTF-8, positional parameters
    under their place, none as the empty map."""
    [(_, call)] = split_objects(payload)
    params = call.get("params", {})
    if isinstance(params, list):
        params = {str(i): value for i, value in enumerate(params)}
    return call["method"], _with_bytes(params)


def repeated_names(payloads: Iterable[bytes]) -> int:
    """How many names of the payloads' objects are given again."""
    repeated = 0

    def count(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
        nonlocal repeated
        found = dict(pairs)
        repeated += len(pairs) - len(found)
        return found

    for payload in payloads:
        json.loads(payload.decode("utf-8", "surrogateescape"), object_pairs_hook=count)
    return repeated


def _with_bytes(value: Any) -> Any:
    if isinstance(value, str):
        raw = value.encode("utf-8", "surrogateescape")
        try:
            raw.decode()
        except UnicodeDecodeError:
            return raw
        return value
    if isinstance(value, dict):
        return {_with_bytes(k): _with_bytes(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_with_bytes(v) for v in value]
    return value


def by_topic(events: Iterable[Event]) -> Dict[str, List[str]]:
    """The parameters of each topic in their order, spelled out, so that 1, 1.0 and True differ and so does the order
    of names."""
    topics: Dict[str, List[str]] = defaultdict(list)
    for topic, params in events:
        topics[topic].append(repr(params))
    return dict(topics)


def check_arrived(sent: Sequence[bytes], events: Sequence[RawEvent], src: str = "opensips") -> None:
    """Every payload arrived, equal to the original, in order per topic, numbered without a gap from 1, none lost."""
    expected = by_topic(expected_event(payload) for payload in sent)
    found = by_topic((event.topic, event.params) for event in events)
    assert sorted(found) == sorted(expected)
    for topic, params in expected.items():
        for i, (want, have) in enumerate(zip(params, found[topic])):
            assert have == want, f"event {i} of {topic}"
        assert len(found[topic]) == len(params), topic
    numbers: Dict[str, int] = defaultdict(int)
    for event in events:
        numbers[event.topic] += 1
        assert event.q == numbers[event.topic], f"{event.topic}: {event.q} instead of {numbers[event.topic]}"
        assert event.src == src
        assert event.lost_before_broker == 0


class BothEndpoints:
    """A subscriber to everything on `stream` and one on `events`."""

    def __init__(self, stream: str, events: str) -> None:
        self.subscribers = [RawSubscriber(stream), RawSubscriber(events, plain=True)]
        self.found: List[List[RawEvent]] = [[], []]

    def __enter__(self) -> "BothEndpoints":
        return self

    def __exit__(self, *_: object) -> None:
        for subscriber in self.subscribers:
            subscriber.close()

    def read(self, count: int) -> None:
        """Reads until `count` events have arrived on each endpoint since the beginning."""
        for subscriber, found in zip(self.subscribers, self.found):
            found.extend(subscriber.events(count - len(found)))
