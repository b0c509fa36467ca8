"""A publisher made of a DEALER socket and msgpack, which sends what it is told to, right or wrong."""

from __future__ import annotations

import itertools
import os
import random
import socket
import struct
import time
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Union

import msgpack
import zmq

from .waiting import deadline_seconds


def pack(value: Any) -> bytes:
    return msgpack.packb(value, use_bin_type=True)


def body(entries: Iterable[Sequence[Any]]) -> bytes:
    """A batch's body: the 5-byte head of an array, then `[time_ns, params]` each. `params` may be packed already."""
    packed = []
    for time_ns, params in entries:
        packed.append(b"\x92" + pack(time_ns) + (params if isinstance(params, bytes) else pack(params)))
    return b"\xdd" + struct.pack(">I", len(packed)) + b"".join(packed)


class RawPublisher:
    """Keeps the numbers `s` and `p` as a publisher should, unless told otherwise."""

    def __init__(self, endpoint: str, src: str = "raw", context: Optional[zmq.Context] = None) -> None:
        self._own_context = context is None
        self._context = zmq.Context() if context is None else context
        self.socket = self._context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.sndhwm = 0
        self.socket.reconnect_ivl = 20
        self.socket.connect(endpoint)
        self.src = src
        self.id = random.randrange(1, 1 << 53)
        self.next_s = 1
        self.next_p: Dict[str, itertools.count] = {}
        self.acked = 0
        self.g = 0
        self.welcome: Optional[Dict[str, Any]] = None
        self.interest: Optional[Dict[str, Any]] = None
        self.received: List[Dict[str, Any]] = []

    def __enter__(self) -> "RawPublisher":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close(linger=0)
        if self._own_context:
            self._context.term()

    def send_frames(self, *frames: bytes) -> None:
        """Sends these frames as one message, whatever they are."""
        self.socket.send_multipart(list(frames))

    def hello(self, **fields: Any) -> None:
        """Says hello; `fields` replace or add fields, None takes one away."""
        header: Dict[str, Any] = {
            "k": "hello",
            "v": [1, 1],
            "src": self.src,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "id": self.id,
            "s": self.next_s,
            "g": self.g,
        }
        header.update(fields)
        self.send_frames(pack({k: v for k, v in header.items() if v is not None}))

    def open(self, deadline: float = deadline_seconds) -> "RawPublisher":
        """Says hello and waits for welcome and interest, which it confirms by a beat."""
        self.hello()
        self.expect("welcome", deadline)
        if self.interest is None:
            self.expect("interest", deadline)
        self.beat()
        return self

    def events(
        self,
        topic: str,
        params: Sequence[Union[Mapping[str, Any], bytes]],
        time_ns: Optional[int] = None,
        **fields: Any,
    ) -> int:
        """Sends a batch of these events and returns its `s`. `fields` replace header fields or, as `body`, the body."""
        now = time.time_ns() if time_ns is None else time_ns
        frame = fields.pop("body", None)
        numbers = self.next_p.setdefault(topic, itertools.count(1))
        first_p = [next(numbers) for _ in params][0] if params else 1
        header: Dict[str, Any] = {"k": "events", "t": topic, "s": self.next_s, "p": first_p, "n": len(params), "d": 0}
        if "s" not in fields:
            self.next_s += 1
        header.update(fields)
        self.send_frames(
            pack({k: v for k, v in header.items() if v is not None}),
            body((now, p) for p in params) if frame is None else frame,
        )
        return int(header["s"])

    def beat(self, **fields: Any) -> None:
        self.send_frames(pack({"k": "beat", "g": self.g, "d": {}, **fields}))

    def bye(self, **fields: Any) -> None:
        self.send_frames(pack({"k": "bye", "s": self.next_s - 1, "d": {}, **fields}))

    def receive(self, deadline: float = deadline_seconds) -> Optional[Dict[str, Any]]:
        """The next message of the broker, or None after `deadline` seconds."""
        if not self.socket.poll(int(deadline * 1000)):
            return None
        frames = self.socket.recv_multipart()
        assert len(frames) == 1, f"the broker sent {len(frames)} frames"
        message: Dict[str, Any] = msgpack.unpackb(frames[0])
        self.received.append(message)
        kind = message["k"]
        if kind == "welcome":
            self.welcome = message
        elif kind == "interest":
            self.interest = message
            self.g = message["g"]
        elif kind == "ack":
            self.acked = max(self.acked, message["memory"])
        return message

    def expect(self, kind: str, deadline: float = deadline_seconds) -> Dict[str, Any]:
        """The next message of this kind; others on the way are taken in."""
        end = time.monotonic() + deadline
        seen = []
        while (left := end - time.monotonic()) > 0:
            message = self.receive(left)
            if message is None:
                break
            if message["k"] == kind:
                return message
            seen.append(message)
        raise AssertionError(f"no {kind} within {deadline} s, but {seen}")

    def expect_ack(self, s: int, deadline: float = deadline_seconds) -> None:
        """Waits until batch `s` has been acknowledged."""
        while self.acked < s:
            self.expect("ack", deadline)

    def wants(self, topic: str) -> bool:
        """Whether the interest held asks for this topic."""
        if self.interest is None:
            return True
        if any(topic.startswith(prefix) for prefix in self.interest["w"]):
            return True
        kept = [(len(prefix), keep) for prefix, keep in self.interest["h"] if topic.startswith(prefix)]
        return bool(kept) and max(kept)[1]

    def wait_wanted(self, topic: str, wanted: bool = True, deadline: float = deadline_seconds) -> None:
        """Takes in interest, confirming each, until the topic is wanted (or no more)."""
        end = time.monotonic() + deadline
        while self.wants(topic) != wanted:
            left = end - time.monotonic()
            assert left > 0, f"{topic} is {'not ' if wanted else ''}wanted after {deadline} s: {self.interest}"
            message = self.receive(min(left, 0.5))
            if message is None or message["k"] == "interest":
                self.beat()
