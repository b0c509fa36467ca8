"""What tests of `zevi bridge` share, and what a bus has to be for `test_bridge_contract.py`, which holds what every bus keeps."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple

import pytest
from zevi_test import Program, RawPublisher, Zevid


def skip_unless_bridge_knows(url: str, run_program: Callable[..., Program]) -> None:
    program = run_program("zevi-bridge", "--help")
    assert program.wait() == 0
    if url not in program.stdout:
        pytest.skip(f"built without {url}")


def check_wrong_command_lines(start: Callable[..., Program], words_of: Mapping[Tuple[object, ...], str]) -> None:
    """`start(ARGUMENT...)` is a bridge that says in a line what is wrong."""
    for arguments, words in words_of.items():
        program = start(*arguments)
        assert program.wait() == 2, arguments
        assert words in program.stderr and program.stderr.count("\n") == 1, (arguments, program.stderr)


def publish_events(broker: Zevid, topic: str, events: Sequence[Mapping[str, Any]], **how: Any) -> None:
    """Returns when the broker has taken them in."""
    with RawPublisher(broker.ingress) as publisher:
        publisher.open()
        for begin in range(0, len(events), 200):
            publisher.expect_ack(publisher.events(topic, events[begin : begin + 200], **how))


def publish_numbers(broker: Zevid, topic: str, values: Iterable[int], **how: Any) -> None:
    publish_events(broker, topic, [{"n": n} for n in values], **how)


def numbers_in(path: Path) -> List[int]:
    """Of such events, in a file of lines; none if there is no file."""
    return [json.loads(line)["params"]["n"] for line in path.read_text().splitlines()] if path.exists() else []


def make_certificates(directory: Path) -> None:
    """`server.pem` of 127.0.0.1, signed by its own `server.key`, and `stranger.pem` of the same name. Skips without openssl."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    for name in ("server", "stranger"):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
             "-keyout", directory / f"{name}.key", "-out", directory / f"{name}.pem"],
            check=True, capture_output=True,
        )  # fmt: skip


class Server:
    """A real server, and the same again after it was killed."""

    _running: Optional[Program] = None

    def kill(self) -> None:
        assert self._running is not None
        self._running.kill()


class Bus:
    """A bus, with its server if it has one. To test another one, write a class like those in `bridge_buses.py`."""

    #: Whether an event that is sent twice arrives once.
    knows_repeats = False
    #: Reads what a killed bridge had on its way beside what the next one sends, so that repeats come in between.
    mixes_repeats = False
    #: Whether there is a server that can be killed without losing what it has acknowledged.
    keeps_what_it_acknowledged = False

    def __init__(self, directory: Path, run_program: Callable[..., Program]) -> None:
        self.directory = directory
        self.run_program = run_program

    def arguments(self) -> List[str]:
        """The URL, and the options that this bus needs."""
        raise NotImplementedError

    def start(self) -> None:
        """Starts the server, with what an earlier one had stored; returns when it takes connections."""

    def kill(self) -> None:
        """Ends the server without a chance to do anything."""

    def new_payloads(self) -> Iterator[Dict[str, Any]]:
        """What has arrived since it was last asked, in the order of arrival; does not wait."""
        raise NotImplementedError

    def close(self) -> None:
        """Gives back what the class itself holds; programs end by themselves."""
