"""A cluster of Kafka as the bus of a bridge: librdkafka's mock, since Debian has no Kafka (`tests/support/kafka`)."""

from __future__ import annotations

import json
import subprocess
from typing import Any, Dict, Iterable, Iterator, List, Tuple

from bridge_bus import Bus, skip_unless_bridge_knows
from zevi_test import Program, wait_until

#: Of a topic that the mock makes because somebody asks for it.
partitions = 4


class KafkaCluster:
    """The mock in a process of its own, which is told what to do. What it was sent is gone with it."""

    def __init__(self, run_program, brokers: int = 1) -> None:
        skip_unless_bridge_knows("kafka://HOST", run_program)
        self._run_program = run_program
        self.program: Program = run_program("kafka-mock-cluster", brokers, stdin=subprocess.PIPE)
        [self.servers] = self.program.wait_for_stdout_lines(1)
        self.url = f"kafka://{self.servers}"
        self._answers = 1

    def tell(self, *words: object) -> None:
        """Returns when it has obeyed."""
        stdin = self.program.process.stdin
        assert stdin is not None
        stdin.write(" ".join(map(str, words)).encode() + b"\n")
        stdin.flush()
        self._answers += 1
        assert self.program.wait_for_stdout_lines(self._answers)[-1] == "ok"

    def reader(self, *topics: str) -> "KafkaReader":
        names = [topic if "/" in topic else f"{topic}/{partitions}" for topic in topics]
        return KafkaReader(self._run_program("kafka-topic-reader", self.servers, *names))

    def writer(self) -> "KafkaWriter":
        return KafkaWriter(self._run_program("kafka-topic-writer", self.servers, stdin=subprocess.PIPE))

    def close(self) -> None:
        stdin = self.program.process.stdin
        assert stdin is not None
        stdin.close()


class KafkaWriter:
    """A producer of messages that no bridge has sent."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._answers = 0

    def write(self, *messages: Tuple[str, bytes, bytes]) -> None:
        """Each is topic, key and value; returns when the cluster has them."""
        stdin = self._program.process.stdin
        assert stdin is not None
        for topic, key, value in messages:
            stdin.write(f"{topic} {key.hex() or '-'} {value.hex() or '-'}\n".encode())
        stdin.write(b"flush\n")
        stdin.flush()
        self._answers += 1
        assert self._program.wait_for_stdout_lines(self._answers)[-1] == "ok"

    def write_numbers(self, numbers: Iterable[int], topic: str = "sensor.a") -> None:
        """In order: all have the same key."""
        self.write(*((topic, b"key", b'{"n": %d}' % n) for n in numbers))


class KafkaReader:
    """What is in topics, from their beginning."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._read = 0
        self.seen: List[Dict[str, Any]] = []

    def new_messages(self) -> List[Dict[str, Any]]:
        with open(self._program.stdout_path, "rb") as file:
            file.seek(self._read)
            lines = file.read()
        whole = lines[: lines.rfind(b"\n") + 1]
        self._read += len(whole)
        messages = [json.loads(line) for line in whole.splitlines()]
        for message in messages:
            message["value"] = bytes.fromhex(message["value"])
        self.seen += messages
        return messages

    def wait_for(self, count: int) -> List[Dict[str, Any]]:
        def is_enough() -> bool:
            self.new_messages()
            return len(self.seen) >= count

        wait_until(is_enough, what=lambda: f"{count} messages, not {len(self.seen)}")
        return self.seen


class Kafka(Bus):
    """The brokers go away together and come again with all that they had, as those that are killed do one after the other."""

    keeps_what_it_acknowledged = True

    def __init__(self, directory, run_program) -> None:
        super().__init__(directory, run_program)
        self.cluster = KafkaCluster(run_program, brokers=2)
        self.reader = self.cluster.reader("test.raw.E_A", "test.raw.E_B.C")

    def arguments(self) -> List[str]:
        return [self.cluster.url, "--subject", "test.{src}.{topic}"]

    def start(self) -> None:
        self.cluster.tell("up")

    def kill(self) -> None:
        self.cluster.tell("down")

    def new_payloads(self) -> Iterator[Dict[str, Any]]:
        for message in self.reader.new_messages():
            payload = json.loads(message["value"])
            assert message["topic"] == f"test.raw.{payload['topic']}"
            assert message["key"] == payload["topic"]
            assert message["headers"]["Zevi-Id"] == payload["id"]
            assert message["headers"]["Zevi-Q"] == str(payload["q"])
            yield payload

    def close(self) -> None:
        self.cluster.close()
