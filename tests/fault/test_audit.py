"""The audit, with made-up runs: it passes those that may happen, and fails each that must not."""

import struct
from array import array

import pytest

from zevi_fault.audit import audit
from zevi_fault.journal import BEGUN, KEPT, OTHER, RING_FULL, UNWANTED, Published, Worker
from zevi_fault.reader_log import (
    CONFIRMED, CONFIRMING, EVENT, LOST, PLACES, RECORD, START, Delivered, Epoch, Missing, Stretch, Told, read_stretches,
)  # fmt: skip
from zevi_fault.timeline import Timeline

ID, OTHER_ID = 77, 88
OLD, NEW = 1000, 2000  # epochs
SECOND = 1_000_000  # event n is published at second n


def worker(outcomes, acknowledged=None, closed=True, ident=ID):
    kept = outcomes.count(KEPT)
    times = array("q", (n * SECOND for n in range(1, len(outcomes) + 1)))
    published = Published(bytes(outcomes), times, kept if acknowledged is None else acknowledged)
    return Worker(f"worker {ident}", ident, closed, {"E_FAULT_0": published})


def event(n, p=None, q=None, epoch=OLD, ident=ID):
    return Delivered(0, ident, p or n, q or n, epoch, n, 0)


def events(*numbers, **how):
    return [event(n, **how) for n in numbers]


def with_broker(first, last, ident=ID):
    return Told(0, last - first + 1, "with broker", first, last, ident)


def before_broker(count):
    return Told(0, count, "before broker", 0, 0, 0)


def after_broker(first, last):
    return Told(0, last - first + 1, "after broker", first, last, 0)


def books(workers, found, timeline=None, **how):
    """The report and the only reader's count. `found` may be stretches already."""
    stretches = found if found and isinstance(found[0], Stretch) else [Stretch(found, "yes")]
    workers = workers if isinstance(workers, list) else [workers]
    report = audit(workers, [("reader", stretches)], timeline or Timeline(), **how)
    return report, report.readers["reader"]


def broker_killed(*seconds):
    timeline = Timeline(lag_us=2 * SECOND)
    for second in seconds:
        timeline.broker_kills.append(second * SECOND)
        timeline.broker_away.append([second * SECOND, second * SECOND + SECOND // 2])
    return timeline


# What may happen


def test_every_event_delivered_once_is_good():
    report, count = books(worker([KEPT] * 5), events(1, 2, 3, 4, 5))
    assert report.good
    assert (count.published, count.delivered, count.unaccounted) == (5, 5, 0)


def test_drops_that_are_told_are_good_while_the_broker_is_away():
    timeline = Timeline(broker_away=[[2 * SECOND, 4 * SECOND]])
    found = [event(1), before_broker(2), event(4, q=2)]
    report, count = books(worker([KEPT, RING_FULL, RING_FULL, KEPT]), found, timeline)
    assert report.good
    assert (count.delivered, count.dropped) == (2, 2)


def test_what_a_killed_worker_held_is_lost_with_the_process():
    report, count = books(worker([KEPT] * 5 + [BEGUN], acknowledged=3, closed=False), events(1, 2, 3))
    assert report.good
    assert (count.published, count.delivered, count.lost_with_process) == (5, 3, 2)


def test_an_event_in_whose_midst_its_worker_was_killed_may_have_been_delivered():
    report, count = books(worker([KEPT, BEGUN], acknowledged=1, closed=False), events(1, 2))
    assert report.good
    assert (count.published, count.delivered) == (2, 2)


def test_what_was_lost_with_a_killed_broker_and_told_is_good():
    found = [*events(1, 2), Epoch(OLD, NEW), with_broker(3, 4), event(5, q=1, epoch=NEW)]
    report, count = books(worker([KEPT] * 5), found, broker_killed(4))
    assert report.good
    assert (count.delivered, count.lost_with_broker) == (3, 2)


def test_a_reader_that_was_away_explains_an_older_loss():
    timeline = broker_killed(8)
    timeline.readers_away["reader"] = [[2 * SECOND, 7 * SECOND]]
    found = [event(1), Epoch(OLD, NEW), with_broker(2, 8), event(9, q=1, epoch=NEW)]
    assert books(worker([KEPT] * 9), found, timeline)[0].good


def test_nobody_is_left_to_tell_what_broker_and_publisher_took_with_them():
    report, count = books(worker([KEPT] * 4, acknowledged=4, closed=False), events(1, 2), broker_killed(5))
    assert report.good
    assert (count.untold, count.lost_with_process) == (2, 0)


def test_what_was_not_confirmed_comes_again_and_counts_once():
    lives = [Stretch(events(1, 2), "yes"), Stretch(events(3, 4), "no"), Stretch(events(3, 4, 5), "yes")]
    assert books(worker([KEPT] * 5), lives)[0].good


@pytest.mark.parametrize("again", [[3, 4, 5], [5]])
def test_what_was_being_confirmed_at_a_kill_may_come_again_or_not(again):
    lives = [Stretch(events(1, 2), "yes"), Stretch(events(3, 4), "perhaps"), Stretch(events(*again), "yes")]
    report, count = books(worker([KEPT] * 5), lives)
    assert report.good and count.delivered == 5


def test_what_was_being_confirmed_at_a_kill_may_be_told_as_lost_with_the_broker_instead():
    lives = [
        Stretch(events(1, 2), "yes"),
        Stretch(events(3, 4), "perhaps"),
        Stretch([Epoch(OLD, NEW), with_broker(3, 5), event(6, q=1, epoch=NEW)], "yes"),
    ]
    report, count = books(worker([KEPT] * 6), lives, broker_killed(5))
    assert report.good and (count.delivered, count.lost_with_broker) == (3, 3)


# What must not


def bad(fault, *arguments, number=1, **how):
    report, count = books(*arguments, **how)
    assert not report.good
    assert getattr(count, fault) == number, report.table()


def test_an_event_that_is_missing_without_a_mark_is_unaccounted_for():
    found = [*events(1, 2), Epoch(OLD, NEW), event(5, q=1, epoch=NEW)]
    bad("unaccounted", worker([KEPT] * 5), found, broker_killed(4), number=2)


def test_missing_last_events_of_a_worker_that_closed_are_unaccounted_for():
    bad("unaccounted", worker([KEPT] * 5), events(1, 2, 3, 4))


def test_drops_that_are_not_told_are_unaccounted_for():
    timeline = Timeline(broker_away=[[0, 4 * SECOND]])
    bad("unaccounted", worker([KEPT, RING_FULL, KEPT]), [event(1), event(3, q=2)], timeline)


def test_a_doubled_event_is_found():
    bad("doubled", worker([KEPT] * 3), events(1, 2, 2, 3))


def test_an_event_that_was_confirmed_and_comes_again_is_doubled():
    lives = [Stretch(events(1, 2), "yes"), Stretch(events(2, 3), "yes")]
    bad("doubled", worker([KEPT] * 3), lives)


def test_an_event_behind_a_later_one_is_out_of_order():
    bad("out_of_order", worker([KEPT] * 3), events(1, 3, 2))


def test_numbers_of_the_broker_that_go_back_are_out_of_order():
    workers = [worker([KEPT] * 2), worker([KEPT], ident=OTHER_ID)]
    bad("out_of_order", workers, [event(1, q=1), event(2, q=3), event(1, q=2, ident=OTHER_ID)])


def test_an_epoch_that_comes_again_is_out_of_order():
    found = [event(1), event(2, q=1, epoch=NEW), event(3, q=2)]
    bad("out_of_order", worker([KEPT] * 3), found, broker_killed(2))


def test_a_loss_that_is_told_is_bad_where_no_broker_was_killed():
    found = [event(1), after_broker(2, 3), event(4)]
    bad("unexplained", worker([KEPT] * 4), found, number=2)


def test_a_loss_after_the_last_kill_of_a_broker_is_not_explained_by_it():
    found = [*events(1, 2), Epoch(OLD, NEW), event(3, q=1, epoch=NEW), after_broker(2, 2), event(5, q=3, epoch=NEW)]
    bad("unexplained", worker([KEPT] * 5), found, broker_killed(2))


def test_a_loss_long_before_the_kill_of_a_broker_is_not_explained_by_it():
    found = [event(1), after_broker(2, 2), *events(3, 4, 5, 6, 7)]
    bad("unexplained", worker([KEPT] * 7), found, broker_killed(7))


def test_a_loss_with_a_broker_that_keeps_what_it_acknowledged_is_bad():
    found = [*events(1, 2), Epoch(OLD, NEW), with_broker(3, 4), event(5, q=1, epoch=NEW)]
    bad("unexplained", worker([KEPT] * 5), found, broker_killed(4), number=2, broker_keeps=True)


def test_an_acknowledged_event_of_a_killed_worker_is_not_lost_with_the_process():
    bad("unexplained", worker([KEPT] * 3, acknowledged=3, closed=False), events(1, 2))


def test_a_hole_in_front_of_a_killed_workers_last_event_is_not_lost_with_the_process():
    bad("unaccounted", worker([KEPT] * 4, acknowledged=1, closed=False), events(1, 2, 4))


def test_a_drop_is_bad_where_no_ring_can_have_been_full():
    found = [event(1), before_broker(1), event(3, q=2)]
    bad("unexplained", worker([KEPT, RING_FULL, KEPT]), found)


@pytest.mark.parametrize("outcome", [UNWANTED, OTHER])
def test_an_event_that_is_suppressed_or_refused_is_bad(outcome):
    bad("unexplained", worker([KEPT, outcome, KEPT]), [event(1), event(3, p=2, q=2)])


def test_a_mark_that_tells_of_more_than_was_lost_is_found():
    timeline = Timeline(broker_away=[[0, 4 * SECOND]])
    found = [event(1), before_broker(2), event(3, q=2)]
    bad("told_too_much", worker([KEPT, RING_FULL, KEPT]), found, timeline)


def test_a_loss_that_is_told_twice_is_found():
    found = [*events(1, 2), Epoch(OLD, NEW), with_broker(3, 4), with_broker(3, 4), event(5, q=1, epoch=NEW)]
    report, count = books(worker([KEPT] * 5), found, broker_killed(4))
    assert not report.good and count.told_too_much >= 2


def test_an_event_that_comes_though_it_was_told_as_lost_is_found():
    found = [*events(1, 2), Epoch(OLD, NEW), with_broker(3, 4), *events(4, 5, epoch=NEW)]
    report, count = books(worker([KEPT] * 5), found, broker_killed(4))
    assert not report.good and count.told_too_much >= 1


def test_an_event_that_nobody_published_is_found():
    bad("never_published", worker([KEPT]), [event(1), event(1, q=2, ident=OTHER_ID)])
    bad("never_published", worker([KEPT]), [event(1), event(2)])


def test_an_event_that_is_delivered_though_it_was_dropped_is_found():
    timeline = Timeline(broker_away=[[0, 4 * SECOND]])
    bad("never_published", worker([KEPT, RING_FULL, KEPT]), events(1, 2, 3), timeline)


def test_a_reader_that_did_not_get_its_history_is_found():
    bad("unexplained", worker([KEPT]), [Missing(), event(1)])


def test_a_disagreement_between_journal_and_counters_is_a_fault():
    one = worker([KEPT])
    one.faults.append("1 kept, but its counters say 2")
    assert not books(one, [event(1)])[0].good


# The log


def test_a_log_that_ends_in_the_middle_of_a_record_is_read_up_to_there(tmp_path):
    path = tmp_path / "log"
    records = [
        (START, 0, 0, 0, 0, 0, 0, 0),
        (EVENT, 1, ID, 1, 1, OLD, 1, 5),
        (CONFIRMING, 0, 0, 0, 0, 0, 0, 0),
        (CONFIRMED, 0, 0, 0, 0, 0, 0, 0),
        (LOST, 1, 2, PLACES.index("with broker"), 2, 3, ID, 0),
        (CONFIRMING, 0, 0, 0, 0, 0, 0, 0),
        (START, 0, 0, 0, 0, 0, 0, 0),
        (EVENT, 1, ID, 4, 1, NEW, 4, 6),
    ]
    path.write_bytes(b"".join(RECORD.pack(*record) for record in records) + struct.pack("<Q", 1))
    assert list(read_stretches(path)) == [
        Stretch([Delivered(1, ID, 1, 1, OLD, 1, 5)], "yes"),
        Stretch([Told(1, 2, "with broker", 2, 3, ID)], "perhaps"),
        Stretch([Delivered(1, ID, 4, 1, NEW, 4, 6)], "no"),
    ]
