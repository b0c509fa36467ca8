"""RabbitMQ as the bus of a bridge."""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import pytest
from bridge_bus import Bus, Server, skip_unless_bridge_knows
from zevi_test import Program, wait_until
from zevi_test.fixtures import program_runner

#: It takes a few seconds to start, and more on a machine that does other things.
start_seconds = 60

#: Of the queues that tests make.
queue_names = ("test", "a", "b", "mine")


def port_of_no_client() -> int:
    """A free port below those that the system gives out: the server looks long before it binds to it."""
    while True:
        port = random.randrange(10000, 32000)
        with socket.socket() as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class RabbitmqServer(Server):
    """A real server with everything of its own, and the same again after it was killed."""

    def __init__(self, directory, run_program, configuration: str = "") -> None:
        self._pika = pytest.importorskip("pika", reason="python3-pika is not installed")
        self._scripts = Path("/usr/lib/rabbitmq/bin")
        if not (self._scripts / "rabbitmq-server").exists():
            pytest.skip("rabbitmq-server is not installed")
        if os.environ.get("ZEVI_SANITIZERS", "none") != "none" and "ZEVI_RABBITMQ" not in os.environ:
            pytest.skip("the server takes long to start: with sanitizers only by hand, ZEVI_RABBITMQ=1")
        skip_unless_bridge_knows("amqp://HOST", run_program)
        self.port = port_of_no_client()
        self.url = f"amqp://127.0.0.1:{self.port}"
        self.lost = (self._pika.exceptions.AMQPError, ConnectionError)
        self._run_program = run_program
        home = directory / "rabbitmq"
        home.mkdir()
        (home / "plugins").write_text("[].\n")
        (home / "rabbitmq.conf").write_text("log.console = true\nlog.file = false\n" + configuration)
        names_port = port_of_no_client()
        self._env = {
            "HOME": str(home),  # of the cookie
            "ERL_CRASH_DUMP": str(home / "crash"),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(names_port),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(home / "data"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_NODENAME": f"zevi{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(port_of_no_client()),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1",
            "RABBITMQ_ALLOW_INPUT": "1",  # the process that is started is the server itself
        }
        # Otherwise the server starts one that outlives it.
        self._run_program(shutil.which("epmd"), "-port", names_port, env=self._env)

    def start(self) -> None:
        # It reads commands from its standard input, and ends with it.
        running = self._run_program(self._scripts / "rabbitmq-server", "-noinput", env=self._env)
        wait_until(
            lambda: "Server startup complete" in running.stdout or not running.running(),
            start_seconds,
            lambda: f"the server, which said:\n{running.stdout}{running.stderr}",
        )
        assert running.running(), running.stdout
        self._running = running

    def pause(self) -> None:
        assert self._running is not None
        self._running.pause()

    def resume(self) -> None:
        assert self._running is not None
        self._running.resume()

    def control(self, *arguments: object) -> None:
        assert self._run_program(self._scripts / "rabbitmqctl", *arguments, env=self._env).wait(start_seconds) == 0

    def persistent(self) -> Any:
        return self._pika.BasicProperties(delivery_mode=2)

    def channel(self, user: str = "guest", password: str = "guest", vhost: str = "/") -> Any:
        who = self._pika.PlainCredentials(user, password)
        place = self._pika.ConnectionParameters("127.0.0.1", self.port, vhost, who, heartbeat=0)
        return self._pika.BlockingConnection(place).channel()

    def clear(self) -> None:
        """Takes away what a test has made, with a server that others use after it."""
        channel = self.channel()
        for name in queue_names:
            channel.queue_delete(name)
        channel.exchange_delete("mine")
        channel.connection.close()


@pytest.fixture(scope="module")
def shared_rabbitmq(build_dir: Path, request: pytest.FixtureRequest) -> Iterator[RabbitmqServer]:
    """One server for the tests of a file, with its `rabbitmq_configuration`: a start takes longer than most tests."""
    configuration = getattr(request.module, "rabbitmq_configuration", "")
    directory = Path(tempfile.mkdtemp(prefix="zevi-", dir="/tmp"))
    programs: List[Program] = []
    try:
        server = RabbitmqServer(directory, program_runner(build_dir, directory, directory, programs), configuration)
        server.start()
        yield server
    finally:
        for program in reversed(programs):
            program.end()
        shutil.rmtree(directory)


@pytest.fixture
def rabbitmq(shared_rabbitmq: RabbitmqServer) -> Iterator[RabbitmqServer]:
    """A server without queues."""
    yield shared_rabbitmq
    shared_rabbitmq.clear()


class Queue:
    """A queue, read with acknowledgements."""

    def __init__(self, channel: Any, name: str = "test", key: str = "zevi.#", exchange: str = "amq.topic", **arguments: Any) -> None:
        self.channel = channel
        self.name = name
        channel.queue_declare(name, durable=True, arguments={key.replace("_", "-"): value for key, value in arguments.items()})
        if exchange:
            channel.queue_bind(name, exchange, key)

    def messages(self) -> List[Tuple[Any, Any, bytes]]:
        """What is there, as (how it was delivered, properties, payload); it is taken away."""
        found = []
        while True:
            method, properties, payload = self.channel.basic_get(self.name)
            if method is None:
                break
            found.append((method, properties, payload))
        if found:
            self.channel.basic_ack(found[-1][0].delivery_tag, multiple=True)
        return found

    def numbers(self) -> List[int]:
        return [json.loads(payload)["params"]["n"] for _, _, payload in self.messages()]


class Rabbitmq(Bus):
    """What was given out before the server was killed may be given out again."""

    mixes_repeats = True
    keeps_what_it_acknowledged = True

    def __init__(self, directory, run_program) -> None:
        super().__init__(directory, run_program)
        self.server = RabbitmqServer(directory, run_program)
        self.channel: Any = None
        self._arrived: List[Tuple[Any, Any, bytes]] = []

    def arguments(self) -> List[str]:
        return [self.server.url, "--subject", "test.{src}.{topic}"]

    def start(self) -> None:
        self.server.start()
        self.channel = self.server.channel()
        queue = Queue(self.channel, key="test.raw.#")
        self.channel.basic_consume(queue.name, lambda _, *message: self._arrived.append(message))

    def kill(self) -> None:
        self.server.kill()

    def new_payloads(self) -> Iterator[Dict[str, Any]]:
        try:
            self.channel.connection.process_data_events(0)
            if self._arrived:
                self.channel.basic_ack(self._arrived[-1][0].delivery_tag, multiple=True)
        except self.server.lost:
            pass  # what has arrived has, and comes again
        arrived, self._arrived = self._arrived, []
        for method, properties, body in arrived:
            payload = json.loads(body)
            assert method.routing_key == f"test.raw.{payload['topic']}"
            assert properties.message_id == properties.headers["Zevi-Id"] == payload["id"]
            assert properties.headers["Zevi-Q"] == str(payload["q"])
            yield payload

    def close(self) -> None:
        if self.channel is not None and self.channel.connection.is_open:
            self.channel.connection.close()
