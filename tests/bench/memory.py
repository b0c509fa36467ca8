#!/usr/bin/python3
"""What zevid holds in memory: idle, with many subscriptions, and with a subscriber that stopped reading."""

import argparse
import json
import os
import signal
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import zmq

from zevi_bench.loads import load_named
from zevi_bench.measure import Beside, measure, stop_server
from zevi_bench.peers import Peer, Zevi, ZeviEvents
from zevi_bench.processes import BenchError, Process, memory_bytes
from zevi_bench.report import aligned, machine

_mib = 1024 * 1024


@contextmanager
def running(peer: Peer) -> Iterator[Tuple[int, Path]]:
    """The broker's process id and its directory."""
    with tempfile.TemporaryDirectory(prefix="zevi-bench-", dir="/tmp") as name:
        broker = peer.start(Path(name))
        try:
            yield broker.pid, Path(name)
        finally:
            stop_server(broker)


def subscribe(context: zmq.Context, endpoint: str, topics: int) -> zmq.Socket:
    """Subscribes to many topics, and returns when the broker has taken them all in."""
    socket = context.socket(zmq.SUB)
    socket.linger = 0
    socket.sndhwm = 0  # libzmq drops subscriptions beyond it
    socket.connect(endpoint)
    for number in range(topics):
        socket.subscribe(f"E_BENCH_TOPIC_{number:04}")
    barrier = f"~ready.{os.urandom(8).hex()}"
    socket.subscribe(barrier)
    if not socket.poll(20_000):
        raise BenchError("no answer to a barrier")
    socket.recv_multipart()
    return socket


def idle_and_subscribed(peer: Peer, subscribers: int, topics: int) -> Dict[str, int]:
    with running(peer) as (pid, directory):
        figures = {"idle": memory_bytes(pid)}
        context = zmq.Context()
        sockets = [subscribe(context, f"ipc://{directory}/stream", topics) for _ in range(subscribers)]
        figures["subscribed"] = memory_bytes(pid)
        for socket in sockets:
            socket.close()
        context.term()
    return figures


@contextmanager
def stopped_subscriber(peer: Peer, directory: Path) -> Iterator[None]:
    """One that subscribes, and then never reads again."""
    subscriber = Process([peer.subscribe_program, "--address", peer.reader_address(directory)])
    try:
        assert subscriber.line() == "ready"
        os.kill(subscriber.pid, signal.SIGSTOP)
        yield
    finally:
        os.kill(subscriber.pid, signal.SIGKILL)
        subscriber.stop()


def under_load(peer: Peer, seconds: float, beside: Beside = None) -> int:
    """The most that the broker held."""
    return int(measure(peer, load_named("single").lasting(seconds), beside)["broker_memory_bytes"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build-dir", type=Path, default=Path("build-bench"))
    parser.add_argument("--subscribers", type=int, default=100, metavar="N", help="with so many subscriptions each:")
    parser.add_argument("--topics", type=int, default=1000, metavar="N")
    parser.add_argument("--seconds", type=float, default=5, metavar="S", help="how long each load lasts")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    given = parser.parse_args()
    peers: List[Peer] = [Zevi(given.build_dir.resolve()), ZeviEvents(given.build_dir.resolve())]
    for peer in peers:
        if peer.missing():
            sys.exit(f"memory: error: {peer.missing()}")

    figures = idle_and_subscribed(peers[0], given.subscribers, given.topics)
    rows = [["", "MiB"], ["idle", ""]]
    subscriptions = given.subscribers * given.topics
    rows.append([f"{subscriptions:,} subscriptions ({given.subscribers} subscribers, {given.topics} topics)", ""])
    for peer in peers:
        name = peer.feed
        figures[f"{name}_load"] = under_load(peer, given.seconds)
        figures[f"{name}_load_and_stopped"] = under_load(peer, given.seconds, stopped_subscriber)
        rows += [[f"{name}: at most under full load", ""], [f"{name}: the same with a subscriber that stopped", ""]]
    for row, value in zip(rows[1:], figures.values()):
        row[1] = f"{value / _mib:.1f}"
    print(f"{machine()}; resident memory of zevid with its defaults\n")
    print(aligned(rows))
    if given.json:
        given.json.write_text(json.dumps({"machine": machine(), "bytes": figures}, indent=1) + "\n")


if __name__ == "__main__":
    main()
