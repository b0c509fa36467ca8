"""The broker, started and ready."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence

from .programs import Program, find_program
from .waiting import wait_until

_ENDPOINT = re.compile(r"\b(ingress|stream|events|replay|control)[ =:]+([a-z]+://[^\s,;]+)")


class Zevid(Program):
    """`zevid` on a runtime directory; the constructor returns when it says that it is ready.

    A test that subscribes to everything sees what it publishes itself: the broker's own events are off unless the
    arguments say otherwise.
    """

    def __init__(
        self,
        build_dir: Path,
        runtime_dir: Path,
        log_dir: Path,
        arguments: Sequence[object] = (),
        env: Optional[Mapping[str, str]] = None,
        ready: bool = True,
    ) -> None:
        self.runtime_dir = runtime_dir
        command: List[object] = [find_program(build_dir, "zevid"), "--runtime-dir", runtime_dir]
        if "--notices" not in arguments:
            command += ["--notices", "off"]
        super().__init__(command + list(arguments), log_dir, env)
        self._endpoints: Dict[str, str] = {}
        if ready:
            self.wait_ready()

    def wait_ready(self) -> None:
        """Waits for the line `zevid: ready`."""
        self.wait_for_stderr("zevid: ready")
        for line in self.stderr.splitlines():
            if line.startswith("zevid: ready"):
                self._endpoints.update(_ENDPOINT.findall(line))

    def endpoint(self, name: str) -> str:
        """Where the broker says that the endpoint is, else its place in the runtime directory."""
        return self._endpoints.get(name, f"ipc://{self.runtime_dir}/{name}")

    @property
    def ingress(self) -> str:
        return self.endpoint("ingress")

    @property
    def stream(self) -> str:
        return self.endpoint("stream")

    @property
    def events(self) -> str:
        return self.endpoint("events")

    def sockets(self) -> List[str]:
        """Names of the socket files in the runtime directory."""
        return sorted(p.name for p in self.runtime_dir.iterdir() if p.is_socket())

    def stop_cleanly(self) -> None:
        """SIGTERM, exit code 0, no socket left."""
        code = self.stop()
        assert code == 0, f"zevid exited {code}:\n{self.stderr}"
        wait_until(lambda: not self.sockets(), 5, lambda: f"no sockets left, there are {self.sockets()}")

    def stopped_counters(self) -> Dict[str, int]:
        """Stops the broker and gives the counters that it then shows: those that are not 0."""
        self.stop_cleanly()
        line = next(text for text in self.stderr.splitlines() if text.startswith("zevid: stopped:"))
        return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", line)}
