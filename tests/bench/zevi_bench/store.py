"""What a store on the disk costs, how fast events come back from it and from memory, and who waits meanwhile."""

from __future__ import annotations

import argparse
import itertools
import shutil
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Dict, Iterator, List, Tuple

import msgpack
import zmq

from .loads import calm, single
from .measure import Beside, measure, stop_server
from .peers import Peer, Zevi
from .processes import BenchError, Process, progress
from .tables import Table

#: Of memory, for the runs that keep everything there.
_history = "*=1GB"
_answer_bytes = 16 << 20
_patience_ms = 30_000

_kept = {
    "none": ("--history", "none"),
    "memory": ("--history", "*=64MB"),
    "disk": ("--history", "*=64MB"),
}


class _Stored(Zevi):
    """zevid with a store outside its runtime directory, so that it outlives it."""

    def __init__(self, build_dir: Path, store: Path) -> None:
        super().__init__(build_dir)
        self._store = store

    def command(self, directory: Path) -> List[object]:
        return [*super().command(directory), "--store", self._store]


class _Questions:
    """Asks for everything that is kept of the events, as a library does, but looks at no event."""

    def __init__(self, directory: Path) -> None:
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.linger = 0
        self._socket.rcvhwm = 1000
        self._socket.connect(f"ipc://{directory}/replay")
        self._numbers = itertools.count(1)

    def close(self) -> None:
        self._socket.close()
        self._context.term()

    def answer(self, **fields: Any) -> Tuple[int, Dict[str, Any]]:
        """How many events came, and the end marker."""
        question = {"k": "replay", "i": next(self._numbers), "t": ["E_PROFILING_*"], "limit_bytes": _answer_bytes, **fields}
        self._socket.send(msgpack.packb(question))
        events = 0
        while True:
            if not self._socket.poll(_patience_ms):
                raise BenchError("zevid gave no answer in 30 s")
            frames = self._socket.recv_multipart()
            if len(frames) == 1:
                return events, msgpack.unpackb(frames[0])
            events += msgpack.unpackb(frames[2])["n"]

    def all(self) -> Tuple[int, int]:
        """How many events came, and how many numbers were named as gone."""
        events, gone = 0, 0
        fields: Dict[str, Any] = {}
        while True:
            came, end = self.answer(**fields)
            events += came
            gone += sum(last - first + 1 for _, first, last in end["gone"])
            if not end["more"]:
                return events, gone
            fields = {"from": end["next"], "b": end["b"]}

    def stored(self) -> int:
        """How many numbers the topics have."""
        return sum(q - 1 for q in self.answer(last=0)[1]["next"].values())


@contextmanager
def _running(peer: Peer) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="zevi-bench-", dir="/tmp") as name:
        broker = peer.start(Path(name))
        try:
            yield Path(name)
        finally:
            stop_server(broker)


@contextmanager
def _asking(directory: Path) -> Iterator[_Questions]:
    questions = _Questions(directory)
    try:
        yield questions
    finally:
        questions.close()


def _publish(peer: Peer, directory: Path, seconds: float) -> int:
    """Publishes as fast as it goes; how many events the broker took in."""
    command = [peer.publish_program, "--address", directory, "--subscribers", 0, "--seconds", seconds]
    publisher = Process(command)
    try:
        assert publisher.line() == "ready"
        publisher.send("go")
        published = publisher.result()["published"]
        publisher.send("finish")
        kept = int(published - publisher.result()["dropped"])
    finally:
        publisher.stop()
    end = time.monotonic() + _patience_ms / 1000
    with _asking(directory) as questions:
        while (stored := questions.stored()) < kept:
            if time.monotonic() > end:
                raise BenchError("zevid did not take in what was published")
            time.sleep(0.01)
    return stored


def _timed_replay(directory: Path, expected: int) -> float:
    """Events a second."""
    with _asking(directory) as questions:
        start = time.monotonic()
        events, _ = questions.all()
        seconds = time.monotonic() - start
    if events < 0.99 * expected:
        raise BenchError(f"only {events:,} of {expected:,} events came back")
    return events / seconds


@contextmanager
def _replay_beside(_: Peer, directory: Path) -> Iterator[None]:
    """Asks for everything again and again."""
    is_over = threading.Event()

    def ask() -> None:
        with _asking(directory) as questions:
            while not is_over.is_set():
                questions.all()

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        yield
    finally:
        is_over.set()
        asker.join()


class Store:
    name = "store"
    about = "what a store on the disk costs, and how fast events come back from it and from memory"
    options = ("seconds",)
    runs = 3

    def measure(self, build_dir: Path, given: argparse.Namespace) -> Dict[str, Any]:
        figures: Dict[str, Any] = {"runs": given.runs or self.runs, "seconds": given.seconds}
        found: Dict[str, List[float]] = {}
        for number in range(1, figures["runs"] + 1):
            progress(f"store, run {number} of {figures['runs']}")
            values = {**_flat_out(build_dir, given.seconds), **_replays(build_dir, given.seconds)}
            for name, value in values.items():
                found.setdefault(name, []).append(value)
        progress("")
        return {**figures, "results": found}

    def legend(self, measured: Dict[str, Any]) -> str:
        return (f"medians of {measured['runs']} runs of {measured['seconds']:g} s; the events are `E_PROFILING_PROC`, the store has its "
                "default level `memory`, its files are in `/tmp`")

    def tables(self, measured: Dict[str, Any]) -> List[Table]:
        value = {name: median(runs) for name, runs in measured["results"].items()}
        kept = {"none": "nothing", "memory": "64 MB in memory", "disk": "the same, and the store"}
        rows = [["kept", "events/s", "lost", "broker cpu ns/event", "not stored"]]
        for name, title in kept.items():
            left_out = f"{value['left_out_percent']:.1f}%" if name == "disk" else ""
            rows.append([title, f"{value[f'{name}_per_second']:,.0f}", f"{value[f'{name}_lost_percent']:.1f}%",
                         f"{value[f'{name}_broker_cpu_ns']:,.0f}", left_out])
        replays = [["replay from", "events/s", "live p50 us meanwhile", "live p99 us"]]
        replays.append(["no replay", "", f"{value['calm_p50']:,.0f}", f"{value['calm_p99']:,.0f}"])
        for name in ("memory", "disk"):
            replays.append([name, f"{value[f'replay_{name}_per_second']:,.0f}", f"{value[f'replay_{name}_p50']:,.0f}",
                            f"{value[f'replay_{name}_p99']:,.0f}"])
        return [Table(single.title, rows), Table(f"{value['events']:,.0f} events replayed to one reader", replays)]


def _peer(build_dir: Path, options: Tuple[object, ...], store: Path = Path()) -> Zevi:
    peer = _Stored(build_dir, store) if store.name else Zevi(build_dir)
    if peer.missing():
        raise BenchError(f"store: {peer.missing()}")
    peer.options = options
    return peer


def _flat_out(build_dir: Path, seconds: float) -> Dict[str, float]:
    values: Dict[str, float] = {}
    for name, options in _kept.items():
        with tempfile.TemporaryDirectory(prefix="zevi-bench-", dir="/tmp") as directory:
            store = Path(directory) / "store" if name == "disk" else Path()
            result = measure(_peer(build_dir, options, store), single.lasting(seconds))
            values[f"{name}_per_second"] = result["events_per_second"]
            values[f"{name}_lost_percent"] = result["lost_percent"]
            values[f"{name}_broker_cpu_ns"] = result["broker_cpu_ns"]
            if name == "disk":
                peer = _peer(build_dir, ("--history", "*=1MiB"), store)
                with _running(peer) as run, _asking(run) as questions:
                    events, _ = questions.all()
                    numbers = questions.stored()
                values["left_out_percent"] = 100 * (numbers - events) / numbers
    return values


def _replays(build_dir: Path, seconds: float) -> Dict[str, float]:
    values: Dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="zevi-bench-", dir="/tmp") as name:
        store = Path(name) / "store"
        filled = _peer(build_dir, ("--history", _history, "--ack", "*=written", "--store-size", "4GB"), store)
        with _running(filled) as directory:
            values["events"] = events = _publish(filled, directory, seconds)
            values["replay_memory_per_second"] = _timed_replay(directory, events)
        # Its memory is empty now.
        emptied = _peer(build_dir, ("--history", "*=1MiB", "--store-size", "4GB"), store)
        with _running(emptied) as directory:
            values["replay_disk_per_second"] = _timed_replay(directory, events)
        values.update(_latencies("replay_disk", emptied, seconds, _replay_beside))
        shutil.rmtree(store)
    in_memory = _peer(build_dir, ("--history", _history))
    values.update(_latencies("calm", in_memory, seconds))
    values.update(_latencies("replay_memory", in_memory, seconds, _filled_first(in_memory, seconds)))
    return values


def _filled_first(peer: Peer, seconds: float) -> Beside:
    @contextmanager
    def beside(same: Peer, directory: Path) -> Iterator[None]:
        _publish(peer, directory, seconds)
        with _replay_beside(same, directory):
            yield

    return beside


def _latencies(name: str, peer: Peer, seconds: float, beside: Beside = None) -> Dict[str, float]:
    result = measure(peer, calm.lasting(seconds), beside)
    return {f"{name}_p50": result["latency_us_p50"], f"{name}_p99": result["latency_us_p99"]}
