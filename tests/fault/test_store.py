"""A broker with a store that is killed: what it acknowledged as written is there again."""

import subprocess

import pytest

from zevi_test.programs import find_program


@pytest.fixture
def stored_run(fault_run, build_dir, test_dir):
    """A run whose broker keeps a store, and acknowledges events at `level`."""
    # A size that is refused, so that nothing is made.
    command = [find_program(build_dir, "zevid"), "--store", test_dir / "store", "--store-size", "1"]
    refusal = subprocess.run(command, stderr=subprocess.PIPE, text=True).stderr
    if "without RocksDB" in refusal:
        pytest.skip("zevid was built without a store")
    return lambda level: fault_run(broker_options=["--store", test_dir / "store", "--ack", f"*={level}"])


def kill_and_start_again(run, times):
    for _ in range(times):
        run.kill_broker()
        run.start_broker()
        run.wait_events(500)


def start_and_kill_again_and_again(run):
    run.start_broker()
    run.start_readers()
    for _ in range(3):
        run.start_worker()
    run.wait_events(1000)
    kill_and_start_again(run, 4)


@pytest.mark.parametrize("level", ["written", "synced"])
def test_what_was_acknowledged_as_written_survives_every_kill_of_the_broker(stored_run, level):
    run = stored_run(level)
    start_and_kill_again_and_again(run)
    report = run.finish(broker_keeps=True)
    for count in report.readers.values():
        assert count.delivered == count.published


def test_a_reader_that_was_away_gets_what_several_brokers_had_taken_in(stored_run):
    run = stored_run("written")
    run.start_broker()
    away, _ = run.start_readers()
    worker = run.start_worker()
    run.wait_events(500)
    run.kill_reader(away)
    for _ in range(3):
        run.kill_broker()
        run.start_broker()
        run.kill_worker(worker)
        worker = run.start_worker()
    run.start_reader(away)
    run.wait_events(500)
    report = run.finish(broker_keeps=True)
    for count in report.readers.values():
        assert count.delivered + count.lost_with_process == count.published


def test_with_acknowledgement_at_memory_what_a_killed_broker_had_not_written_is_told(stored_run):
    run = stored_run("memory")
    start_and_kill_again_and_again(run)
    run.finish()


def test_a_clean_restart_loses_nothing_and_keeps_the_numbering(stored_run):
    run = stored_run("memory")
    run.start_broker()
    run.start_reader()
    run.start_worker()
    run.wait_events(500)
    for _ in range(3):
        run.restart_broker()
        run.wait_events(500)
    report = run.finish(broker_keeps=True)
    (count,) = report.readers.values()
    assert count.delivered == count.published
    assert run.epochs_of(run.readers[0]) == 1
