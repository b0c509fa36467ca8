"""A server of MQTT as the bus of a bridge."""

from __future__ import annotations

import json
import shutil
from typing import Any, Dict, Iterator, List, Optional

import pytest
from bridge_bus import Bus, Server, skip_unless_bridge_knows
from zevi_test import free_port
from zevi_test.raw_mqtt import RawMqtt


class MosquittoServer(Server):
    """A real server, and the same again after it was killed. It forgets nothing for a reader that is slow."""

    def __init__(self, directory, run_program, configuration: str = "allow_anonymous true\n") -> None:
        self.program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        if self.program is None:
            pytest.skip("mosquitto is not installed")
        skip_unless_bridge_knows("mqtt://HOST", run_program)
        self.port = free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self._file = directory / "mosquitto.conf"
        # Who starts it as root need not have a user for it.
        self._file.write_text(
            f"user root\nlog_dest stderr\nlog_type all\nmax_queued_messages 0\nlistener {self.port} 127.0.0.1\n{configuration}"
        )
        self._run_program = run_program

    def start(self) -> None:
        self._running = self._run_program(self.program, "-c", self._file)
        self._running.wait_for_stderr("running")

    def stop(self) -> None:
        assert self._running is not None
        assert self._running.stop() == 0

    def pause(self) -> None:
        assert self._running is not None
        self._running.pause()

    def client(self, **how: Any) -> RawMqtt:
        return RawMqtt(self.port, **how)


class Mqtt(Bus):
    """Who listens gets what is passed on while it does; what a killed server had not passed on is nobody's."""

    def __init__(self, directory, run_program) -> None:
        super().__init__(directory, run_program)
        self.server = MosquittoServer(directory, run_program)
        self.client: Optional[RawMqtt] = None

    def arguments(self) -> List[str]:
        return [self.server.url, "--subject", "test/{src}/{topic}"]

    def start(self) -> None:
        self.server.start()
        self.client = self.server.client()
        self.client.subscribe("test/raw/+")

    def new_payloads(self) -> Iterator[Dict[str, Any]]:
        assert self.client is not None
        for message in self.client.messages():
            payload = json.loads(message.payload)
            assert message.topic == f"test/raw/{payload['topic']}"
            assert message.properties["Zevi-Id"] == payload["id"]
            assert message.properties["Zevi-Q"] == str(payload["q"])
            yield payload

    def close(self) -> None:
        if self.client is not None:
            self.client.close()


class MqttUnacknowledged(Mqtt):
    def arguments(self) -> List[str]:
        return [*super().arguments(), "--set", "qos=0"]
