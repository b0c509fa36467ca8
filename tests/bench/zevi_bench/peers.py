"""The brokers of the comparison: how each is started, and which client programs speak to it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Callable, List, Optional, Sequence

from .processes import BenchError, find_program, start_server

_start_seconds = 10.0


class Peer:
    """One broker, and its clients `bench-publish-CLIENT` and `bench-subscribe-CLIENT`."""

    name = ""
    client = ""
    #: The broker's program, if it comes from the system.
    server = ""

    def __init__(self, build_dir: Path) -> None:
        self.build_dir = build_dir

    def missing(self) -> Optional[str]:
        """What it lacks to take part; none if it can."""
        try:
            self.publish_program, self.subscribe_program = (
                find_program(self.build_dir, f"bench-{verb}-{self.client}") for verb in ("publish", "subscribe")
            )
        except FileNotFoundError as error:
            return str(error)
        if self.server and self._server_path() is None:
            return f"{self.server} is not installed"
        return None

    def command(self, directory: Path) -> List[object]:
        """Starts the broker with all that it needs in `directory`."""
        raise NotImplementedError

    def address(self, directory: Path) -> str:
        """For the clients."""
        return str(directory)

    def reader_address(self, directory: Path) -> str:
        return self.address(directory)

    def is_up(self, directory: Path) -> bool:
        """Whether clients can connect."""
        raise NotImplementedError

    def start(self, directory: Path) -> subprocess.Popen:
        log = directory / "broker.log"
        process = start_server(self.command(directory), log)
        end = time.monotonic() + _start_seconds
        while not self.is_up(directory):
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                process.wait()
                raise BenchError(f"{self.name} did not start: {log.read_text(errors='replace')}")
            time.sleep(0.01)
        return process

    def _server_path(self) -> Optional[str]:
        return shutil.which(self.server, path="/usr/sbin:/usr/bin:/sbin:/bin")


class Zevi(Peer):
    """zevid with its defaults, read at `stream`."""

    name = "zevi stream"
    client = "zevi"
    feed = "stream"
    #: Of zevid, beyond those that it needs here.
    options: Sequence[object] = ()

    def command(self, directory: Path) -> List[object]:
        return [find_program(self.build_dir, "zevid"), "--runtime-dir", directory, *self.options]

    def reader_address(self, directory: Path) -> str:
        return f"{directory}#{self.feed}"

    def is_up(self, directory: Path) -> bool:
        return "ready" in (directory / "broker.log").read_text()


class ZeviEvents(Zevi):
    """zevid with its defaults, read at `events`, one event a message."""

    name = "zevi events"
    feed = "events"


class ZmqProxy(Peer):
    """`zmq_proxy` between XSUB and XPUB, without losing events; topic and event in one frame."""

    name = "zmq_proxy"
    client = "zmq"

    def command(self, directory: Path) -> List[object]:
        return [find_program(self.build_dir, "bench-zmq-proxy"), directory]

    def is_up(self, directory: Path) -> bool:
        return "ready" in (directory / "broker.log").read_text()


class ZmqProxyEnvelope(ZmqProxy):
    """The same with the topic in a frame of its own, as the ZeroMQ guide has it."""

    name = "zmq_proxy 2"

    def address(self, directory: Path) -> str:
        return f"{directory}#envelope"


class Nats(Peer):
    """NATS core over loopback TCP, which is all it has; its limits on what may wait for a reader are lifted."""

    name = "nats"
    client = "nats"
    server = "nats-server"

    def command(self, directory: Path) -> List[object]:
        self._port = _free_port()
        config = directory / "nats.conf"
        config.write_text(f"listen: 127.0.0.1:{self._port}\nmax_pending: 4GB\nwrite_deadline: \"60s\"\n")
        return [self._server_path(), "--config", config]

    def address(self, directory: Path) -> str:
        return f"nats://127.0.0.1:{self._port}"

    def is_up(self, directory: Path) -> bool:
        return "Server is ready" in (directory / "broker.log").read_text()


class Redis(Peer):
    """Redis PUBLISH and SUBSCRIBE over its unix socket, without persistence or limits on what may wait."""

    name = "redis"
    client = "redis"
    server = "redis-server"

    def command(self, directory: Path) -> List[object]:
        command = [self._server_path(), "--port", 0, "--unixsocket", directory / "redis", "--dir", directory]
        return command + ["--save", "", "--appendonly", "no", "--client-output-buffer-limit", "pubsub 0 0 0"]

    def address(self, directory: Path) -> str:
        return str(directory / "redis")

    def is_up(self, directory: Path) -> bool:
        return _accepts(directory / "redis")


class Mosquitto(Peer):
    """mosquitto at QoS 0 over its unix socket, without persistence, logging or limits on what may wait."""

    name = "mosquitto"
    client = "mosquitto"
    server = "mosquitto"

    def command(self, directory: Path) -> List[object]:
        config = directory / "mosquitto.conf"
        config.write_text(
            f"listener 0 {directory}/mosquitto\nallow_anonymous true\npersistence false\nlog_type error\n"
            "max_queued_messages 0\nmax_queued_bytes 0\nmax_inflight_messages 0\nsys_interval 0\nuser root\n"
        )
        return [self._server_path(), "-c", config]

    def address(self, directory: Path) -> str:
        return str(directory / "mosquitto")

    def is_up(self, directory: Path) -> bool:
        return _accepts(directory / "mosquitto")


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket(socket.AF_INET) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


_all: List[Callable[[Path], Peer]] = [Zevi, ZeviEvents, ZmqProxy, ZmqProxyEnvelope, Nats, Redis, Mosquitto]


def all_peers(build_dir: Path) -> List[Peer]:
    return [make(build_dir) for make in _all]
