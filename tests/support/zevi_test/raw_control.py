"""A program that asks the broker about itself, made of a DEALER socket and msgpack."""

from __future__ import annotations

from typing import Any, Dict, List

import msgpack

from .raw_dealer import RawDealer
from .raw_publisher import pack
from .waiting import deadline_seconds


class RawControl(RawDealer):
    def send(self, cmd: str, **fields: Any) -> int:
        i = next(self._numbers)
        self.socket.send(pack({"cmd": cmd, "i": i, **fields}))
        return i

    def receive(self, deadline: float = deadline_seconds) -> Dict[str, Any]:
        """The next answer, whatever it answers."""
        assert self.socket.poll(int(deadline * 1000)), f"no answer within {deadline} s"
        frames = self.socket.recv_multipart()
        assert len(frames) == 1 and len(frames[0]) <= 4 << 20
        answer: Dict[str, Any] = msgpack.unpackb(frames[0])
        return answer

    def ask(self, cmd: str, **fields: Any) -> Dict[str, Any]:
        i = self.send(cmd, **fields)
        answer = self.receive()
        assert (answer["cmd"], answer["i"]) == (cmd, i), answer
        return answer

    def rows(self, cmd: str, **fields: Any) -> List[Dict[str, Any]]:
        """The whole list, from as many answers as it takes."""
        found: List[Dict[str, Any]] = []
        while True:
            answer = self.ask(cmd, **fields)
            assert "reason" not in answer, answer
            found += answer["rows"]
            if not answer["more"]:
                return found
            fields["from"] = answer["next"]

    def stats(self) -> Dict[str, Any]:
        [row] = self.rows("stats")
        return row

    def counter(self, name: str) -> int:
        return int(self.stats()["counters"][name])

    def topic(self, name: str) -> Dict[str, Any]:
        return next(row for row in self.rows("topics") if row["topic"] == name)
