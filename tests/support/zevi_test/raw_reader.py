"""A reader of the history made of a DEALER socket and msgpack."""

from __future__ import annotations

import time
from typing import Any, Dict, List, Optional

import msgpack

from .raw_dealer import RawDealer
from .raw_publisher import pack
from .raw_subscriber import RawEvent, events_of_stream
from .waiting import deadline_seconds


class Answer:
    """The answer to one question: whole messages, cut by nobody, and the end marker."""

    def __init__(self) -> None:
        self.messages: List[List[bytes]] = []
        self.end: Dict[str, Any] = {}

    @property
    def events(self) -> List[RawEvent]:
        return [event for message in self.messages for event in events_of_stream(message)]

    def values(self, name: str = "i") -> List[Any]:
        """This parameter of each event."""
        return [event.params[name] for event in self.events]

    def numbers(self) -> Dict[str, List[int]]:
        """The `q` of the events of each topic."""
        numbers: Dict[str, List[int]] = {}
        for event in self.events:
            numbers.setdefault(event.topic, []).append(event.q)
        return numbers


class RawReader(RawDealer):
    def send(self, topics: Any, **fields: Any) -> int:
        """Asks, and returns the number of the question."""
        i = next(self._numbers)
        names = [topics] if isinstance(topics, str) else topics
        if "from_" in fields:
            fields["from"] = fields.pop("from_")
        self.socket.send(pack({"k": "replay", "i": i, "t": names, **fields}))
        return i

    def receive(self, i: int, deadline: float = deadline_seconds, answer: Optional[Answer] = None) -> Answer:
        """The rest of the answer to question `i`."""
        end = time.monotonic() + deadline
        answer = answer or Answer()
        while True:
            left = end - time.monotonic()
            assert left > 0 and self.socket.poll(int(left * 1000)), f"no end of answer {i} within {deadline} s"
            frames = self.socket.recv_multipart()
            head = msgpack.unpackb(frames[0])
            assert head["i"] == i, head
            if len(frames) == 1:
                assert head["k"] == "end"
                answer.end = head
                return answer
            assert head["k"] == "stored"
            answer.messages.append(frames[1:])

    def ask(self, topics: Any, **fields: Any) -> Answer:
        return self.receive(self.send(topics, **fields))

    def ask_all(self, topics: Any, **fields: Any) -> Answer:
        """Goes on while there is more."""
        answer = Answer()
        while True:
            answer = self.receive(self.send(topics, **fields), answer=answer)
            if not answer.end["more"]:
                return answer
            fields = {"from_": answer.end["next"], "b": answer.end["b"], **_limits(fields)}


def _limits(fields: Dict[str, Any]) -> Dict[str, Any]:
    return {name: fields[name] for name in ("to", "limit_bytes") if name in fields}
