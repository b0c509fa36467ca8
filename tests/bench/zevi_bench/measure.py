"""One run of one load through one broker."""

from __future__ import annotations

import subprocess
import tempfile
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Callable, ContextManager, Dict, List, Optional

from .loads import Load
from .peers import Peer
from .processes import BenchError, Process, cpu_ns, find_program, memory_bytes

Result = Dict[str, float]
#: Something else that goes on at the broker during a run.
Beside = Optional[Callable[[Peer, Path], ContextManager[None]]]


def _start_subscribers(peer: Peer, load: Load, directory: Path, clients: List[Process]) -> List[Process]:
    command = [peer.subscribe_program, "--address", peer.reader_address(directory), "--publishers", load.publishers]
    command += ["--topics", load.topics, "--sample-every", load.sample_every]
    started = [Process(command) for _ in range(load.subscribers)]
    clients += started
    bystanders = [Process([*command, "--topic", "E_OTHER"]) for _ in range(load.bystanders)]
    clients += bystanders
    for subscriber in started + bystanders:
        assert subscriber.line() == "ready"
    return started


def _start_publishers(peer: Peer, load: Load, directory: Path, clients: List[Process]) -> List[Process]:
    subscribers = load.subscribers + load.bystanders
    command = [peer.publish_program, "--address", peer.address(directory), "--subscribers", subscribers]
    command += ["--rate", load.rate, "--tick-us", load.tick_us, "--seconds", load.seconds, "--topics", load.topics]
    started = [Process([*command, "--index", index]) for index in range(load.publishers)]
    clients += started
    for publisher in started:
        assert publisher.line() == "ready"
    return started


def _median(values: List[float]) -> float:
    return sorted(values)[len(values) // 2]


def _sum_up(published: List[Result], read: List[Result], broker: Result) -> Result:
    total = sum(p["published"] for p in published)
    received = sum(r["received"] for r in read) / len(read)
    if not received:
        raise BenchError("no event arrived")
    publisher_cpu = sum(p["cpu_ns"] for p in published)
    subscriber_cpu = sum(r["cpu_ns"] for r in read)
    seconds = max(r["seconds"] for r in read) or float("nan")
    return {
        "published": total,
        "received": received,
        "lost_percent": 100 * (total - received) / total,
        "dropped_by_publishers": sum(p["dropped"] for p in published),
        "wrong": sum(r["wrong"] + r["disordered"] for r in read),
        "events_per_second": sum(r["received"] / (r["seconds"] or float("nan")) for r in read) / len(read),
        "publish_seconds": max(p["seconds"] for p in published),
        "latency_us_p50": _median([r["latency_us_p50"] for r in read]),
        "latency_us_p99": max(r["latency_us_p99"] for r in read),
        "publisher_cpu_ns": publisher_cpu / received,
        "broker_cpu_ns": broker["cpu_ns"] / received,
        "subscriber_cpu_ns": subscriber_cpu / received,
        "publisher_cores": publisher_cpu / 1e9 / max(p["seconds"] for p in published),
        "broker_cores": broker["cpu_ns"] / 1e9 / seconds,
        "subscriber_cores": subscriber_cpu / 1e9 / seconds,
        "broker_memory_bytes": broker["memory_bytes"],
    }


def stop_server(server: subprocess.Popen) -> None:
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _finish(publishers: List[Process], published: List[Result]) -> None:
    """Adds to the results of publishers what they know at the end."""
    for publisher in publishers:
        publisher.send("finish")
    for publisher, result in zip(publishers, published):
        result.update(publisher.result())


def _run(peer: Peer, load: Load, directory: Path, broker: int, clients: List[Process]) -> Result:
    subscribers = _start_subscribers(peer, load, directory, clients)
    publishers = _start_publishers(peer, load, directory, clients)
    cpu_before = cpu_ns(broker)
    for publisher in publishers:
        publisher.send("go")
    published = [publisher.result() for publisher in publishers]
    total = int(sum(p["published"] for p in published))
    for subscriber in subscribers:
        subscriber.send(str(total))
    read = [subscriber.result() for subscriber in subscribers]
    _finish(publishers, published)
    spent = {"cpu_ns": cpu_ns(broker) - cpu_before, "memory_bytes": memory_bytes(broker, "VmHWM")}
    return _sum_up(published, read, spent)


def measure(peer: Peer, load: Load, beside: Beside = None) -> Result:
    """Raises `BenchError` if a program fails, or if an event is not what was published."""
    clients: List[Process] = []
    with tempfile.TemporaryDirectory(prefix="zevi-bench-", dir="/tmp") as name:
        broker = peer.start(Path(name))
        try:
            with beside(peer, Path(name)) if beside else nullcontext():
                result = _run(peer, load, Path(name), broker.pid, clients)
        finally:
            for client in clients:
                client.stop()
            stop_server(broker)
    if result["wrong"]:
        raise BenchError(f"{peer.name}, {load.name}: {result['wrong']:.0f} events were not as they should be")
    return result


#: Losing fewer than this is not being too slow, but a hiccup of the machine.
_lost_percent_max = 0.1
_probes_max = 7
#: The search ends when the rates that are known to be too fast and not too fast are so close.
_close_enough = 1.08


def measure_without_loss(peer: Peer, load: Load) -> Result:
    """As fast as it goes, and if that loses events, again at the highest rate that loses none."""
    flat_out = measure(peer, load)
    unpaced = {"lost_flat_out_percent": flat_out["lost_percent"], "flat_out_per_second": flat_out["events_per_second"]}
    if load.rate or flat_out["lost_percent"] <= _lost_percent_max:
        return {**flat_out, **unpaced}
    best: Optional[Result] = None
    good, bad = 0.0, flat_out["published"] / flat_out["publish_seconds"]
    rate = flat_out["events_per_second"]
    for _ in range(_probes_max):
        found = measure(peer, replace(load, rate=rate / load.publishers, tick_us=1000))
        if found["lost_percent"] > _lost_percent_max:
            bad = rate
        else:
            good = rate
            if best is None or found["events_per_second"] > best["events_per_second"]:
                best = found
        if good and bad / good < _close_enough:
            break
        rate = min(good * 1.3, (good * bad) ** 0.5) if good else bad * 0.75
    if best is None:
        raise BenchError(f"{peer.name}, {load.name}: it loses events at every rate tried, down to {rate:,.0f} a second")
    return {**best, **unpaced}


def generator_cpu_ns(build_dir: Path, load: Load) -> float:
    """Processor time of an event in the load generator itself, with no broker to publish to."""
    command = [find_program(build_dir, "bench-publish-null"), "--rate", load.rate, "--tick-us", load.tick_us]
    publishers = [
        Process([*command, "--seconds", load.seconds, "--index", index]) for index in range(load.publishers)
    ]
    try:
        for publisher in publishers:
            assert publisher.line() == "ready"
        for publisher in publishers:
            publisher.send("go")
        results = [publisher.result() for publisher in publishers]
        _finish(publishers, results)
    finally:
        for publisher in publishers:
            publisher.stop()
    return sum(r["cpu_ns"] for r in results) / sum(r["published"] for r in results)
