"""What a bus has to be for `test_bridge_contract.py`, which holds what `zevi bridge to` keeps with every bus."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

from zevi_test import Program


class Bus:
    """A bus, with its server if it has one. To test another one, write a class like those in `bridge_buses.py`."""

    #: Whether an event that is sent twice arrives once.
    knows_repeats = False
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
