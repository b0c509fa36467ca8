"""Streams of Redis as the bus of a bridge."""

from __future__ import annotations

import json
import shutil
from typing import Any, Dict, Iterator, List

import pytest
from bridge_bus import Bus, Server, skip_unless_bridge_knows
from zevi_test import free_port, wait_until


class RedisServer(Server):
    """A real server, and the same again after it was killed.

    Its file has everything before it answers. With `appendfsync everysec` it answers first while an earlier fsync lasts.
    """

    def __init__(self, directory, run_program, *options: object) -> None:
        redis = pytest.importorskip("redis", reason="python3-redis is not installed")
        self.program = shutil.which("redis-server")
        if self.program is None:
            pytest.skip("redis-server is not installed")
        skip_unless_bridge_knows("redis://HOST", run_program)
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self.lost = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError)
        self._redis = redis
        self._options = (
            "--port", self.port, "--bind", "127.0.0.1", "--dir", directory, "--appendonly", "yes",
            "--appendfsync", "always", "--save", "", *options,
        )  # fmt: skip
        self._run_program = run_program

    def start(self) -> None:
        running = self._run_program(self.program, *self._options)
        wait_until(lambda: "Ready to accept connections" in running.stdout, what="the server")
        self._running = running

    def client(self, **how: Any) -> Any:
        return self._redis.Redis(host="127.0.0.1", port=self.port, **how)


@pytest.fixture
def redis(test_dir, run_program):
    """`redis(OPTION...)` starts a server."""

    def start(*options: object) -> RedisServer:
        server = RedisServer(test_dir, run_program, *options)
        server.start()
        return server

    return start


class Redis(Bus):
    """Each stream is read on from the last entry that was seen, so that what is in it twice is seen twice."""

    keeps_what_it_acknowledged = True

    def __init__(self, directory, run_program) -> None:
        super().__init__(directory, run_program)
        self.server = RedisServer(directory, run_program)
        self.client = self.server.client()
        self._seen = {f"test:raw:{topic}": "0" for topic in ("E_A", "E_B.C")}

    def arguments(self) -> List[str]:
        return [self.server.url, "--subject", "test:{src}:{topic}"]

    def start(self) -> None:
        self.server.start()

    def kill(self) -> None:
        self.server.kill()

    def new_payloads(self) -> Iterator[Dict[str, Any]]:
        try:
            answer = self.client.xread(self._seen, count=10000)
        except self.server.lost:
            return
        for stream, entries in answer:
            for number, fields in entries:
                self._seen[stream.decode()] = number
                payload = json.loads(fields[b"payload"])
                assert stream.decode() == f"test:raw:{payload['topic']}"
                assert fields[b"Zevi-Id"].decode() == payload["id"]
                assert fields[b"Zevi-Q"].decode() == str(payload["q"])
                yield payload

    def close(self) -> None:
        self.client.close()
