#!/usr/bin/python3
"""Plays the recorded datagrams of an OpenSIPS server to a socket, as its module event_datagram sends them."""

from __future__ import annotations

import argparse
import base64
import json
import socket
import sys
import time
from pathlib import Path
from typing import Callable, List, NamedTuple

recording = Path(__file__).resolve().parents[1] / "data/captures/opensips-datagram.ndjson"


class Datagram(NamedTuple):
    at_s: float  #: since the first of the recording
    payload: bytes


def read_recording(path: Path = recording) -> List[Datagram]:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    begin_ns = rows[0]["t_ns"]
    return [
        Datagram(
            (row["t_ns"] - begin_ns) / 1e9,
            base64.b64decode(row["raw_b64"]) if "raw_b64" in row else row["raw"].encode(),
        )
        for row in rows
    ]


def connect(address: str) -> socket.socket:
    """A socket for `unix:PATH` or `udp:HOST:PORT`. Sending on the former waits while the receiver's queue is full, so that
    nothing is lost on the way; the latter may lose what comes too fast."""
    kind, _, where = address.partition(":")
    if kind == "unix":
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        connection.connect(where)
    elif kind == "udp":
        host, _, port = where.rpartition(":")
        connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        connection.connect((host, int(port)))
    else:
        raise ValueError(f"{address!r} is neither unix:PATH nor udp:HOST:PORT")
    return connection


def play(
    datagrams: List[Datagram],
    send: Callable[[bytes], object],
    at_recorded_pace: bool = True,
    wait: Callable[[float], object] = time.sleep,
) -> None:
    """Calls `send` for each payload, and `wait` with the seconds until the next one."""
    begin = time.monotonic()
    for datagram in datagrams:
        wait_s = begin + datagram.at_s - time.monotonic()
        if at_recorded_pace and wait_s > 0:
            wait(wait_s)
        send(datagram.payload)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", metavar="ADDRESS", help="unix:PATH or udp:HOST:PORT, where `zevi ingest` listens")
    parser.add_argument("--fast", action="store_true", help="do not keep the recorded pace")
    parser.add_argument("--loop", action="store_true", help="begin again at the end, until Ctrl-C")
    chosen = parser.parse_args()
    datagrams = read_recording()
    try:
        with connect(chosen.address) as connection:
            while True:
                play(datagrams, connection.send, at_recorded_pace=not chosen.fast)
                if not chosen.loop:
                    return 0
    except (OSError, ValueError) as error:
        print(f"play_capture.py: error: cannot send to {chosen.address}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
