"""NATS as the bus of a bridge: without and with a stream."""

from __future__ import annotations

import json
import shutil
from typing import Any, Dict, Iterator, List, Optional

import pytest
from bridge_bus import Bus, Server, skip_unless_bridge_knows
from zevi_test import free_port
from zevi_test.raw_nats import RawNats


class NatsServer(Server):
    """A real server with JetStream, and the same again after it was killed."""

    def __init__(self, directory, run_program, *options: object) -> None:
        self.program = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")
        if self.program is None:
            pytest.skip("nats-server is not installed")
        skip_unless_bridge_knows("nats://HOST:PORT", run_program)
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self._options = ("-a", "127.0.0.1", "-p", self.port, "-js", "-sd", directory, *options)
        self._run_program = run_program

    def start(self) -> None:
        self._running = self._run_program(self.program, *self._options)
        self._running.wait_for_stderr("Server is ready")

    def pause(self) -> None:
        assert self._running is not None
        self._running.pause()

    def resume(self) -> None:
        assert self._running is not None
        self._running.resume()

    def client(self, **connect: Any) -> RawNats:
        return RawNats(self.port, **connect)


class Nats(Bus):
    """Who listens gets what is passed on while it does: what a killed server had in its buffers is nobody's."""

    def __init__(self, directory, run_program) -> None:
        super().__init__(directory, run_program)
        self.server = NatsServer(directory, run_program)
        self.client: Optional[RawNats] = None

    def arguments(self) -> List[str]:
        return [self.server.url, "--subject", "test.{src}.{topic}"]

    def start(self) -> None:
        self.server.start()
        self.client = self.server.client()
        self.client.subscribe("test.raw.>")
        self.client.flush()

    def new_payloads(self) -> Iterator[Dict[str, Any]]:
        assert self.client is not None
        for message in self.client.messages():
            payload = json.loads(message.payload)
            assert message.subject == f"test.raw.{payload['topic']}"
            assert message.headers["Nats-Msg-Id"] == payload["id"]
            assert message.headers["Zevi-Q"] == str(payload["q"])
            yield payload

    def close(self) -> None:
        if self.client is not None:
            self.client.close()


class JetStream(Nats):
    """Read through a consumer that begins where the last had come to, so that what is stored twice is seen twice."""

    knows_repeats = True
    keeps_what_it_acknowledged = True

    def __init__(self, directory, run_program) -> None:
        super().__init__(directory, run_program)
        self.last_sequence = 0

    def arguments(self) -> List[str]:
        return [self.server.url, "--subject", "test.{src}.{topic}", "--set", "stream=TEST"]

    def start(self) -> None:
        self.server.start()
        self.client = None

    def _consume(self) -> None:
        client = self.server.client()
        subject = f"deliver.{self.server.port}.{self.last_sequence}"  # an earlier consumer has another one
        client.subscribe(subject)
        config = {
            "deliver_subject": subject,
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": self.last_sequence + 1,
            "ack_policy": "none",
        }
        try:
            client.ask_jetstream("CONSUMER.CREATE.TEST", {"stream_name": "TEST", "config": config})
        except OSError:
            client.close()  # the bridge has not made the stream yet, or the server is not ready
            return
        self.client = client

    def new_payloads(self) -> Iterator[Dict[str, Any]]:
        if self.client is None:
            self._consume()
        if self.client is None:
            return
        try:
            messages = self.client.messages()
        except OSError:  # the server cuts off who is slower than it can send, and a test can be
            self.client.close()
            self.client = None
            return
        for message in messages:
            # $JS.ACK.STREAM.CONSUMER.DELIVERED.SEQUENCE...
            sequence = int(message.reply.split(".")[5])
            assert sequence == self.last_sequence + 1
            self.last_sequence = sequence
            yield json.loads(message.payload)

    def kill(self) -> None:
        self.server.kill()
        if self.client is not None:
            self.client.close()
        self.client = None
