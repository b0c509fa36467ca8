"""Socket files that somebody removes while the broker runs."""

import pytest

from zevi_test.waiting import wait_until

SOCKETS = ("ingress", "stream", "events", "replay")


@pytest.mark.parametrize("removed", [*SOCKETS, SOCKETS], ids=lambda removed: removed if isinstance(removed, str) else "all")
def test_a_removed_socket_file_comes_back_and_costs_nobody_an_event(fault_run, removed):
    run = fault_run()
    broker = run.start_broker()
    reader = run.start_reader()
    worker = run.start_worker()
    run.wait_events(300)
    names = [removed] if isinstance(removed, str) else removed
    for name in names:
        (run.runtime_dir / name).unlink()
    # Who comes now finds no socket and tries again; who was there goes on.
    run.kill_reader(reader)
    run.start_reader(reader)
    run.kill_worker(worker)
    run.start_worker()
    run.start_reader()
    wait_until(lambda: set(names) <= set(broker.sockets()), 10, "the socket files to be back")
    run.wait_events(300)
    report = run.finish()
    for count in report.readers.values():
        assert count.delivered + count.lost_with_process == count.published
