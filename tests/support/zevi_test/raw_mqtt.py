"""MQTT 5 made of a socket: enough of a client to publish and to subscribe, and of a server to say what a real one seldom says."""

from __future__ import annotations

import itertools
import socket
import struct
import threading
from dataclasses import dataclass, field
from typing import Callable, Dict, Iterator, List, Optional, Tuple

from .ports import free_port
from .waiting import deadline_seconds

connect_packet, connack, publish_packet, puback, subscribe_packet, suback = 0x10, 0x20, 0x30, 0x40, 0x82, 0x90
unsubscribe_packet, unsuback, pingreq, pingresp = 0xA2, 0xB0, 0xC0, 0xD0
user_property, session_expiry, receive_maximum, maximum_qos, retain_available = 0x26, 0x11, 0x21, 0x24, 0x25
#: Bytes of the other properties that a server sends; None is a text or bytes with their length.
_property_sizes = {0x01: 1, 0x02: 4, 0x03: None, 0x08: None, 0x09: None, 0x1F: None, 0x12: None, 0x13: 2, session_expiry: 4,
                   receive_maximum: 2, 0x22: 2, 0x23: 2, maximum_qos: 1, retain_available: 1, 0x27: 4, 0x28: 1, 0x29: 1,
                   0x2A: 1}  # fmt: skip


@dataclass
class MqttMessage:
    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    duplicate: bool = False
    properties: Dict[str, str] = field(default_factory=dict)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("!H", len(data)) + data


def _length(size: int) -> bytes:
    out = b""
    while size > 127:
        out += bytes([size % 128 | 0x80])
        size //= 128
    return out + bytes([size])


def _length_at(data: bytes, at: int) -> Tuple[int, int]:
    """A length, and where it ends; throws IndexError if it is not all there."""
    size = shift = 0
    while data[at] & 0x80:
        size |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return size | data[at] << shift, at + 1


def packet(kind: int, body: bytes = b"") -> bytes:
    return bytes([kind]) + _length(len(body)) + body


def take_packets(buffer: bytearray) -> Iterator[Tuple[int, bytes]]:
    """Removes whole packets from the front."""
    at = 0
    try:
        while True:
            size, begin = _length_at(buffer, at + 1)
            if len(buffer) < begin + size:
                break
            yield buffer[at], bytes(buffer[begin : begin + size])
            at = begin + size
    except IndexError:
        pass
    del buffer[:at]


def _user_properties(data: bytes) -> Dict[str, str]:
    def text_at(at: int) -> Tuple[str, int]:
        size = struct.unpack_from("!H", data, at)[0]
        return data[at + 2 : at + 2 + size].decode(), at + 2 + size

    found, at = {}, 0
    while at < len(data):
        if data[at] == user_property:
            name, at = text_at(at + 1)
            found[name], at = text_at(at)
            continue
        size = _property_sizes[data[at]]
        at = text_at(at + 1)[1] if size is None else at + 1 + size
    return found


def parse_publish(kind: int, body: bytes) -> Tuple[int, MqttMessage]:
    """The id, 0 with QoS 0, and the message."""
    end = 2 + struct.unpack_from("!H", body)[0]
    topic, qos, number = body[2:end].decode(), kind >> 1 & 3, 0
    if qos > 0:
        number, end = struct.unpack_from("!H", body, end)[0], end + 2
    size, begin = _length_at(body, end)
    properties = _user_properties(body[begin : begin + size])
    return number, MqttMessage(topic, body[begin + size :], qos, bool(kind & 1), bool(kind & 8), properties)


class RawMqtt:
    """A client. Throws OSError once the server is gone, and when it refuses."""

    def __init__(self, port: int, client_id: str = "", expires_in: int = 0, user: str = "", password: str = "") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), deadline_seconds)
        self._buffer = bytearray()
        self._received: List[MqttMessage] = []
        self._answers: List[Tuple[int, bytes]] = []
        self._numbers = itertools.count(1)
        flags = (0 if expires_in else 2) | (0x80 if user else 0) | (0x40 if password else 0)
        properties = bytes([session_expiry]) + struct.pack("!I", expires_in)
        who = b"".join(_text(word) for word in (user, password) if word)
        self._send(
            packet(
                connect_packet,
                _text("MQTT") + bytes([5, flags]) + struct.pack("!H", 0) + _length(len(properties)) + properties
                + _text(client_id) + who,
            )  # fmt: skip
        )
        body = self._answer(connack)
        if body[1] != 0:
            raise ConnectionRefusedError(f"CONNACK {body[1]:#x}")

    def __enter__(self) -> "RawMqtt":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def subscribe(self, topics: str, qos: int = 0) -> None:
        """Returns when the server has taken it."""
        self._send(packet(subscribe_packet, struct.pack("!H", next(self._numbers)) + b"\0" + _text(topics) + bytes([qos])))
        if self._answer(suback)[-1] > 2:
            raise PermissionError(topics)

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> int:
        """With QoS 1; gives the server's reason code."""
        body = _text(topic) + struct.pack("!H", next(self._numbers)) + b"\0" + payload
        self._send(packet(publish_packet | 2 | retain, body))
        answer = self._answer(puback)
        return answer[2] if len(answer) > 2 else 0

    def messages(self) -> List[MqttMessage]:
        """What has arrived for subscriptions, which it acknowledges; does not wait."""
        self._read(0)
        found, self._received = self._received, []
        return found

    def _send(self, data: bytes) -> None:
        self._socket.settimeout(deadline_seconds)
        self._socket.sendall(data)

    def _answer(self, kind: int) -> bytes:
        while True:
            for i, (found, body) in enumerate(self._answers):
                if found == kind:
                    del self._answers[i]
                    return body
            if not self._read(deadline_seconds):
                raise TimeoutError(f"no answer of kind {kind:#x}")

    def _read(self, timeout: float) -> bool:
        """Takes what is there, waiting at most so long for the first of it."""
        self._socket.settimeout(timeout)
        has_read = False
        try:
            while True:
                data = self._socket.recv(1 << 20)
                if not data:
                    raise ConnectionResetError("the server has closed the connection")
                has_read = True
                self._buffer += data
                self._socket.settimeout(0)
        except (BlockingIOError, TimeoutError):
            pass
        for kind, body in take_packets(self._buffer):
            if kind & 0xF0 != publish_packet:
                self._answers.append((kind, body))
                continue
            number, message = parse_publish(kind, body)
            self._received.append(message)
            if message.qos > 0:
                self._send(packet(puback, struct.pack("!H", number)))
        return has_read


class FakeMqttServer:
    """Lets in whoever comes, one after the other, with these properties or this greeting, and answers each message of QoS 1
    with the reason code that `judge` gives for it, and questions; None is no answer. A reader of MQTT 3.1.1 gets `subscribed`."""

    def __init__(
        self,
        judge: Callable[[MqttMessage], Optional[int]] = lambda message: 0,
        properties: bytes = b"",
        greeting: Optional[bytes] = None,
        answers_questions: bool = True,
        subscribed: bytes = b"",
    ) -> None:
        self.port = free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self.messages: List[MqttMessage] = []
        self.connections = 0
        self._judge = judge
        welcome = packet(connack, b"\0\0" + _length(len(properties)) + properties)
        self._greeting = welcome if greeting is None else greeting
        self._answers_questions = answers_questions
        self._subscribed = subscribed
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._peer: Optional[socket.socket] = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        for one in (self._listener, self._peer):
            try:
                if one is not None:
                    one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._thread.join(deadline_seconds)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                self._peer, _ = self._listener.accept()
            except OSError:
                return
            with self._peer:
                try:
                    self._serve_one(self._peer)
                except OSError:
                    pass

    def _serve_one(self, peer: socket.socket) -> None:
        buffer = bytearray()
        while True:
            data = peer.recv(1 << 16)
            if not data:
                return
            buffer += data
            for kind, body in take_packets(buffer):
                answer = self._answer(kind, body)
                if answer:
                    peer.sendall(answer)

    def _answer(self, kind: int, body: bytes) -> bytes:
        if kind == connect_packet:
            self.connections += 1
            return self._greeting
        if kind == pingreq:
            return packet(pingresp)
        if kind == subscribe_packet:
            return self._subscribed
        if kind == unsubscribe_packet:
            return packet(unsuback, body[:2] + b"\0\x11") if self._answers_questions else b""
        if kind & 0xF0 != publish_packet:
            return b""
        number, message = parse_publish(kind, body)
        self.messages.append(message)
        reason = self._judge(message)
        if message.qos == 0 or reason is None:
            return b""
        return packet(puback, struct.pack("!HB", number, reason))
