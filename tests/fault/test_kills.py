"""Processes that are killed under load."""


def test_without_a_fault_every_event_arrives_once_and_nothing_is_lost(fault_run):
    run = fault_run()
    run.start_broker()
    run.start_readers()
    for _ in range(3):
        run.start_worker()
    run.wait_events(6000)
    report = run.finish()
    for count in report.readers.values():
        assert count.delivered == count.published > 6000
    assert not any(sum(told.values()) for told in report.told.values())


def test_a_broker_killed_several_times_in_a_row_loses_nothing_that_is_not_told(fault_run):
    run = fault_run()
    run.start_broker()
    run.start_readers()
    for _ in range(3):
        run.start_worker()
    run.wait_events(1000)
    for _ in range(5):
        run.kill_broker()
        run.start_broker()
        run.wait_events(500)
    report = run.finish()
    for count in report.readers.values():
        assert count.delivered > 3500
        assert count.dropped == count.lost_with_process == 0


def test_workers_that_are_killed_lose_what_they_held_and_nothing_else(fault_run):
    run = fault_run()
    run.start_broker()
    run.start_reader()
    workers = [run.start_worker() for _ in range(3)]
    for _ in range(6):
        run.wait_events(500)
        run.kill_worker(workers.pop(0))
        workers.append(run.start_worker())
    report = run.finish()
    (count,) = report.readers.values()
    assert count.delivered + count.lost_with_process == count.published
    assert count.lost_with_broker == count.dropped == 0


def test_a_reader_that_is_killed_goes_on_where_it_had_confirmed(fault_run):
    run = fault_run()
    run.start_broker()
    readers = run.start_readers()
    for _ in range(2):
        run.start_worker()
    for _ in range(6):
        run.wait_events(500)
        for reader in readers:
            run.kill_reader(reader)
            run.start_reader(reader)
    report = run.finish()
    for count in report.readers.values():
        assert count.delivered == count.published


def test_a_reader_that_is_killed_goes_on_with_the_other_library(fault_run):
    run = fault_run()
    run.start_broker()
    readers = run.start_readers()
    run.start_worker()
    for _ in range(4):
        run.wait_events(300)
        for reader in readers:
            run.kill_reader(reader)
        run.kill_broker()
        run.start_broker()
        for reader in readers:
            run.start_reader(reader, "c++" if reader.library == "python" else "python")
    run.wait_events(300)
    run.finish()


def test_workers_readers_and_brokers_killed_in_turn_leave_every_event_accounted_for(fault_run):
    run = fault_run()
    run.start_broker()
    readers = run.start_readers()
    workers = [run.start_worker() for _ in range(2)]
    run.wait_events(500)
    for _ in range(3):
        run.kill_worker(workers.pop(0))
        run.kill_broker()
        workers.append(run.start_worker())
        for reader in readers:
            run.kill_reader(reader)
        run.start_broker()
        for reader in readers:
            run.start_reader(reader)
        run.wait_events(500)
    run.finish()
