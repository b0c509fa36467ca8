"""A clock that is set back while events are under way."""

import glob
import time

import msgpack
import pytest

from zevi_test.raw_reader import RawReader

_LIBRARIES = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
HOUR_SECONDS = 3600


@pytest.mark.skipif(not _LIBRARIES, reason="libfaketime is not installed (Debian: faketime)")
def test_a_brokers_clock_that_is_set_back_by_an_hour_loses_nothing_and_its_times_never_decrease(fault_run, test_dir):
    clock = test_dir / "clock"
    clock.write_text("+0\n")
    run = fault_run()
    run.broker_env = {
        "LD_PRELOAD": _LIBRARIES[0],
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",  # as in a machine whose clock is set back
    }
    broker = run.start_broker()
    run.start_reader()
    run.start_worker()
    run.wait_events(1000)
    before_ns = time.time_ns()
    clock.write_text(f"-{HOUR_SECONDS}\n")
    run.wait_events(1000)
    clock.write_text(f"-{2 * HOUR_SECONDS}\n")
    run.wait_events(1000)
    clock.write_text("+0\n")
    run.wait_events(1000)
    report = run.finish()
    (count,) = report.readers.values()
    assert count.delivered == count.published

    with RawReader(broker.endpoint("replay")) as reader:
        messages = reader.ask_all(["E_FAULT_*"]).messages
        since = reader.ask_all(["E_FAULT_*"], since=before_ns).events
    times = [msgpack.unpackb(header)["at"] for _, header, _ in messages]
    assert times == sorted(times)
    assert len(set(times)) < len(times) * 3 // 4, "the clock was not set back"
    # What was numbered while the clock stood back counts as numbered at the last time before.
    assert len(since) > 500
    assert {event.topic for event in since} == {f"E_FAULT_{index}" for index in range(run.topics)}
