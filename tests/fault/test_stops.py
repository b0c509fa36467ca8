"""Processes that stand still for a while and go on (SIGSTOP, SIGCONT)."""

import json
import sys
import time
from pathlib import Path

from zevi_test.programs import memory_bytes

RING_AND_WINDOW = (1 + 8) * 1024 * 1024
DOWN_SECONDS = 3  # a publisher is down after so long without a beat
SUBSCRIBERS = 32


def percentile(durations, share):
    ordered = sorted(durations)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def stand_still(seconds):
    """What this waits for is that so much time passes: there is no condition to look at."""
    time.sleep(seconds)


def test_a_broker_that_stands_still_costs_a_worker_no_time_and_bounded_memory(fault_run, pytestconfig):
    """With --long: for a minute."""
    run = fault_run()
    run.start_broker()
    run.start_readers()
    worker = run.start_worker(rate=5000, padding=1000)
    run.wait_events(5000)
    before = memory_bytes(worker.program.pid)
    run.stop_broker()
    stand_still(60 if pytestconfig.getoption("--long") else 3)
    assert memory_bytes(worker.program.pid) - before < 4 * RING_AND_WINDOW
    run.resume_broker()
    run.wait_events(5000)
    report = run.finish()
    for reader, count in report.readers.items():
        assert count.dropped > 0  # more than ring and window hold
        assert count.dropped == report.told[reader]["before broker"]
        assert count.delivered + count.dropped == count.published

    ((begin, end),) = run.timeline.broker_away
    durations = worker.read(with_durations=True).durations
    running = [ns for at, ns in durations if not begin <= at < end]
    standing = [ns for at, ns in durations if begin <= at < end]
    for name, some in (("running", running), ("standing still", standing)):
        print(f"publish, broker {name}: p50 {percentile(some, 0.5)} ns, p99.9 {percentile(some, 0.999)} ns of {len(some)}")
    assert percentile(standing, 0.5) < 100_000


def test_a_reader_that_is_killed_while_events_are_dropped_is_told_of_them_after_its_next_start(fault_run):
    run = fault_run()
    run.start_broker()
    readers = run.start_readers()
    run.start_worker(rate=5000, padding=1000)
    run.wait_events(5000)
    run.stop_broker()
    stand_still(2.5)
    for reader in readers:
        run.kill_reader(reader)
    run.resume_broker()
    for reader in readers:
        run.start_reader(reader)
    run.wait_events(5000)
    report = run.finish()
    for count in report.readers.values():
        assert count.dropped > 0
        assert count.delivered + count.dropped == count.published


def test_a_worker_that_stands_still_for_longer_than_its_beat_loses_nothing(fault_run):
    run = fault_run()
    run.start_broker()
    run.start_reader()
    still, _ = run.start_worker(), run.start_worker()
    run.wait_events(1000)
    run.stop_worker(still)
    stand_still(DOWN_SECONDS + 1)
    run.resume_worker(still)
    run.wait_events(1000)
    report = run.finish()
    (count,) = report.readers.values()
    assert count.delivered == count.published


def test_subscribers_among_many_that_stand_still_cost_the_others_nothing(fault_run, pytestconfig):
    """With --long: for a minute, at 50,000 events a second."""
    long = pytestconfig.getoption("--long")
    seconds, rate = (60, 50000) if long else (4, 5000)
    run = fault_run(broker_options=["--history", "*=2GB"] if long else [])
    broker = run.start_broker()
    here = Path(__file__).parent
    others = run.start_program(sys.executable, here / "counting_subscribers.py", broker.stream, SUBSCRIBERS - 2)
    others.wait_for_stderr("reading")
    readers = run.start_readers()
    worker = run.start_worker(rate=rate)
    run.wait_events(rate // 2)
    for reader in readers:
        run.stop_reader(reader)
    stand_still(seconds)
    for reader in readers:
        run.resume_reader(reader)
    report = run.finish()
    assert others.stop(60) == 0
    for subscriber in json.loads(others.stdout):
        assert subscriber == {"events": worker.counts()["published"] + run.topics, "missing": 0}
    # Those that stood still fetch what they missed.
    for count in report.readers.values():
        assert count.delivered == count.published > seconds * rate // 2


def test_a_reader_that_stands_still_while_the_broker_is_killed_is_told_what_it_lost(fault_run):
    run = fault_run()
    run.start_broker()
    readers = run.start_readers()
    run.start_worker(rate=2000)
    run.wait_events(1000)
    for reader in readers:
        run.stop_reader(reader)
    stand_still(1)
    run.kill_broker()
    run.start_broker()
    for reader in readers:
        run.resume_reader(reader)
    run.wait_events(1000)
    report = run.finish()
    for count in report.readers.values():
        assert count.lost_with_broker > 0
