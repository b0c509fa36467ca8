"""What the numbers of arriving events say about those that did not arrive."""

from zevi.ledger import REMEMBERED_SECONDS, Finding, Ledger, TopicLedger


def test_the_first_sight_of_a_topic_sets_the_base():
    ledger = TopicLedger()
    assert ledger.enter(epoch=7, q=500, n=10, lost_before=3) == Finding()
    assert ledger.enter(7, 510, 1, 3) == Finding()


def test_who_sees_a_topic_from_its_first_event_knows_all_that_was_lost_before():
    assert TopicLedger().enter(7, 1, 10, 3) == Finding(lost_before=3)


def test_a_gap_is_told_once_with_its_numbers():
    ledger = TopicLedger()
    ledger.enter(7, 1, 10, 0)
    assert ledger.enter(7, 15, 1, 0) == Finding(gap_from=11, gap_to=14)
    assert ledger.enter(7, 16, 1, 0) == Finding()


def test_losses_before_the_broker_are_told_as_they_grow():
    ledger = TopicLedger()
    ledger.enter(7, 1, 1, 0)
    assert ledger.enter(7, 2, 1, 5) == Finding(lost_before=5)
    assert ledger.enter(7, 3, 1, 5) == Finding()
    assert ledger.enter(7, 4, 1, 6) == Finding(lost_before=1)


def test_numbers_that_were_here_before_are_known():
    ledger = TopicLedger()
    ledger.enter(7, 1, 10, 0)
    assert ledger.enter(7, 8, 5, 0).known == 3
    assert ledger.enter(7, 1, 2, 0).known == 2
    assert ledger.enter(7, 13, 1, 0) == Finding()


def test_a_new_epoch_is_no_gap_and_its_losses_are_news():
    ledger = TopicLedger()
    ledger.enter(7, 1, 10, 4)
    assert ledger.enter(8, 3, 1, 2) == Finding(lost_before=2)
    assert ledger.enter(8, 4, 1, 2) == Finding()


def test_each_number_of_a_publisher_counts_once_under_any_q():
    ledger = TopicLedger()
    assert ledger.repeats(publisher=1, p=1, count=5, now=0.0) == 0
    assert ledger.repeats(2, 1, 5, 0.0) == 0, "another publisher has its own numbers"
    assert ledger.repeats(1, 4, 5, 0.0) == 2
    assert ledger.repeats(1, 1, 8, 0.0) == 8
    assert ledger.repeats(1, 20, 1, 0.0) == 0
    assert ledger.repeats(1, 0, 3, 0.0) == 0, "no number, no repeat"


def test_a_publisher_is_forgotten_one_to_two_hours_after_its_last_event():
    ledger = TopicLedger()
    ledger.repeats(1, 1, 5, 0.0)
    assert ledger.repeats(1, 5, 1, REMEMBERED_SECONDS + 1) == 1
    assert ledger.repeats(1, 5, 1, 2 * REMEMBERED_SECONDS + 2) == 1
    ledger.repeats(2, 1, 1, 3 * REMEMBERED_SECONDS + 3)
    ledger.repeats(2, 2, 1, 4 * REMEMBERED_SECONDS + 4)
    assert ledger.repeats(1, 5, 1, 4 * REMEMBERED_SECONDS + 5) == 0


def test_the_epoch_is_that_of_the_broker_not_of_a_topic():
    ledger = Ledger()
    assert ledger.enter_epoch(7) is None
    assert ledger.enter_epoch(7) is None
    assert ledger.enter_epoch(8) == 7
    assert ledger.topic("E_A") is ledger.topic("E_A") is not ledger.topic("E_B")
