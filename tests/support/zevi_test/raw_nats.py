"""A NATS client made of a socket: enough of its protocol to publish, to subscribe and to ask JetStream."""

from __future__ import annotations

import itertools
import json
import socket
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Optional

from .waiting import deadline_seconds


@dataclass
class NatsMessage:
    subject: str
    reply: str
    payload: bytes
    headers: Dict[str, str] = field(default_factory=dict)


def _headers_of(block: bytes) -> Dict[str, str]:
    lines = block.decode(errors="surrogateescape").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
    if lines[0] != "NATS/1.0":
        headers["Status"] = lines[0].split()[1]
    return headers


class RawNats:
    """Throws OSError once the server is gone."""

    def __init__(self, port: int, **connect: Any) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), deadline_seconds)
        self._buffer = bytearray()
        self._received: List[NatsMessage] = []
        self._numbers = itertools.count(1)
        options = {"verbose": False, "headers": True, "no_responders": True, "lang": "test", "version": "1", **connect}
        self._send(b"CONNECT " + json.dumps(options).encode() + b"\r\nPING\r\n")
        self._inbox = f"_INBOX.{id(self)}."
        self.subscribe(self._inbox + "*")
        self.flush()

    def __enter__(self) -> "RawNats":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def subscribe(self, subject: str) -> None:
        self._send(f"SUB {subject} {next(self._numbers)}\r\n".encode())

    def publish(self, subject: str, payload: bytes = b"", headers: Optional[Dict[str, str]] = None, reply: str = "") -> None:
        head = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items()).encode()
        if head:
            head = b"NATS/1.0\r\n" + head + b"\r\n"
        sizes = f"{len(head)} {len(head) + len(payload)}" if head else f"{len(payload)}"
        verb = "HPUB" if head else "PUB"
        self._send(f"{verb} {subject} {reply} {sizes}\r\n".encode() + head + payload + b"\r\n")

    def flush(self) -> None:
        """Returns when the server has handled everything that was sent before."""
        self.request_marker = f"{self._inbox}flush{next(self._numbers)}"
        self.publish(self.request_marker)
        self._wait_for(self.request_marker)

    def request(self, subject: str, payload: bytes = b"") -> NatsMessage:
        reply = f"{self._inbox}{next(self._numbers)}"
        self.publish(subject, payload, reply=reply)
        return self._wait_for(reply)

    def ask_jetstream(self, call: str, request: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        """`$JS.API.CALL` with this request; throws if it is answered with an error."""
        payload = b"" if request is None else json.dumps(request).encode()
        answer = json.loads(self.request("$JS.API." + call, payload).payload or b'{"error": "nobody answers"}')
        if "error" in answer:
            raise OSError(answer["error"])
        return dict(answer)

    def messages(self) -> List[NatsMessage]:
        """What has arrived for subscriptions; does not wait."""
        self._read(0)
        found, self._received = self._received, []
        return found

    def _wait_for(self, subject: str) -> NatsMessage:
        while True:
            for i, message in enumerate(self._received):
                if message.subject == subject:
                    return self._received.pop(i)
            self._read(deadline_seconds)

    def _send(self, data: bytes) -> None:
        self._socket.settimeout(deadline_seconds)
        self._socket.sendall(data)

    def _read(self, timeout: float) -> None:
        """Takes what is there, waiting at most so long for the first of it."""
        self._socket.settimeout(timeout)
        try:
            while True:
                data = self._socket.recv(1 << 20)
                if not data:
                    raise ConnectionResetError("the server has closed the connection")
                self._buffer += data
                self._socket.settimeout(0)
        except (BlockingIOError, TimeoutError):
            pass
        self._received += self._parse()

    def _parse(self) -> Iterator[NatsMessage]:
        at = 0
        while True:
            end = self._buffer.find(b"\r\n", at)
            if end < 0:
                break
            verb, *words = self._buffer[at:end].decode().split(" ")
            end += 2
            if verb in ("MSG", "HMSG"):
                size, head = int(words[-1]), int(words[-2]) if verb == "HMSG" else 0
                if len(self._buffer) < end + size + 2:
                    break
                content = bytes(self._buffer[end : end + size])
                reply = words[2] if len(words) == (5 if verb == "HMSG" else 4) else ""
                yield NatsMessage(words[0], reply, content[head:], _headers_of(content[:head]) if head else {})
                end += size + 2
            elif verb == "PING":
                self._send(b"PONG\r\n")
            elif verb == "-ERR":
                raise ConnectionRefusedError(" ".join(words))
            at = end
        del self._buffer[:at]
