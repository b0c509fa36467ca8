"""The part of OpenSIPS's Management Interface that `zevi ingest --subscribe` uses.

A real OpenSIPS is not available to the tests. This stands in for it, written from the OpenSIPS 3.x/4.x sources: what
`event_subscribe` takes and answers (evi/event_interface.c), how mi_datagram answers to the sender's address
(modules/mi_datagram/datagram_fnc.c), and how mi_fifo frames a request as `:NAME:JSON` and answers through the FIFO NAME
in its reply_dir (modules/mi_fifo/fifo_fnc.c).
"""

from __future__ import annotations

import json
import os
import select
import socket
import stat
import threading
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple


class OpensipsMi:
    """Answers at `transport`: `unix:PATH`, `udp` (a free port) or `fifo:PATH`. Knows the events `events`."""

    def __init__(self, transport: str, events: Tuple[str, ...] = ("E_CORE_LOG", "E_SCRIPT_MSG")) -> None:
        self._events = events
        self.calls: List[Dict[str, Any]] = []
        self._stopping = threading.Event()
        self._path: Optional[Path] = None
        kind, _, path = transport.partition(":")
        if kind == "fifo":
            self._path = Path(path)
            os.mkfifo(path)
            self._reply_dir = self._path.parent
            # Open for writing too, as mi_fifo does, so that the end of a writer is not the end of the file.
            self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
            self.address = transport
            serve = self._serve_fifo
        elif kind == "unix":
            self._path = Path(path)
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.bind(path)
            self.address = transport
            serve = self._serve_datagrams
        else:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.bind(("127.0.0.1", 0))
            self.address = f"udp:127.0.0.1:{self._socket.getsockname()[1]}"
            serve = self._serve_datagrams
        self._thread = threading.Thread(target=serve)
        self._thread.start()

    def __enter__(self) -> "OpensipsMi":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends like an OpenSIPS that is stopped: its socket is gone."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._thread.join()
        if self._path:
            self._path.unlink()

    def asked(self, event: str) -> List[Dict[str, Any]]:
        """The subscriptions to `event` that were asked for."""
        return [call for call in list(self.calls) if call["event"] == event]

    def _serve_datagrams(self) -> None:
        with self._socket:
            while not self._stopping.is_set():
                if select.select([self._socket], [], [], 0.02)[0]:
                    request, sender = self._socket.recvfrom(65457)
                    self._socket.sendto(self._answer(request), sender)

    def _serve_fifo(self) -> None:
        while not self._stopping.is_set():
            if not select.select([self._fd], [], [], 0.02)[0]:
                continue
            _, name, request = os.read(self._fd, 65536).decode().split(":", 2)
            assert name and not set(name) & set("./\\"), f"mi_fifo refuses the reply file {name!r}"
            reply = os.open(self._reply_dir / name, os.O_WRONLY | os.O_NONBLOCK)
            assert stat.S_ISFIFO(os.fstat(reply).st_mode)
            os.write(reply, self._answer(request.encode()))
            os.close(reply)
        os.close(self._fd)

    def _answer(self, request: bytes) -> bytes:
        call = json.loads(request)
        assert call["jsonrpc"] == "2.0"
        answer: Dict[str, Any] = {"jsonrpc": "2.0"}
        params = call["params"]
        if call["method"] != "event_subscribe":
            answer["error"] = {"code": -32601, "message": "Method not found"}
        elif sorted(params) != ["event", "expire", "socket"] or not isinstance(params["expire"], int):
            answer["error"] = {"code": -32602, "message": "Invalid params"}
        elif params["event"] not in self._events:
            self.calls.append(params)
            answer["error"] = {"code": 400, "message": "Bad parameter value"}
        else:
            self.calls.append(params)
            answer["result"] = "OK"
        answer["id"] = call["id"]
        # mi_datagram and mi_fifo can be told to print for people.
        return json.dumps(answer, indent=1).encode()
