"""What the numbers of arriving events say about those that did not arrive."""

from zevi.ledger import Finding, Ledger, TopicLedger


def test_the_first_sight_of_a_topic_sets_the_base():
    ledger = TopicLedger()
    assert ledger.enter(q=500, n=10, lost_before=3) == Finding(base=3)
    assert ledger.enter(510, 1, 3) == Finding()
    assert ledger.enter(511, 1, 5) == Finding(lost_before=2)


def test_who_sees_a_topic_from_its_first_event_knows_all_that_was_lost_before():
    assert TopicLedger().enter(1, 10, 3) == Finding(lost_before=3)


def test_a_gap_is_told_once_with_its_numbers():
    ledger = TopicLedger()
    ledger.enter(1, 10, 0)
    assert ledger.enter(15, 1, 0) == Finding(gap_from=11, gap_to=14)
    assert ledger.enter(16, 1, 0) == Finding()


def test_losses_before_the_broker_are_told_as_they_grow():
    ledger = TopicLedger()
    ledger.enter(1, 1, 0)
    assert ledger.enter(2, 1, 5) == Finding(lost_before=5)
    assert ledger.enter(3, 1, 5) == Finding()
    assert ledger.enter(4, 1, 6) == Finding(lost_before=1)


def test_numbers_that_were_here_before_are_known():
    ledger = TopicLedger()
    ledger.enter(1, 10, 0)
    assert ledger.enter(8, 5, 0).known == 3
    assert ledger.enter(1, 2, 0).known == 2
    assert ledger.enter(13, 1, 0) == Finding()


def test_a_new_epoch_is_no_gap_and_its_losses_are_news():
    ledger = Ledger()
    ledger.enter_epoch(7, {})
    ledger.topic("E_A").enter(1, 10, 4)
    ledger.enter_epoch(8, {})
    assert ledger.topic("E_A").enter(3, 1, 2) == Finding(lost_before=2)
    assert ledger.topic("E_A").enter(4, 1, 2) == Finding()
    assert ledger.topic("E_B").enter(3, 1, 2) == Finding(lost_before=2)


def test_where_numbers_go_on_from_one_epoch_to_the_next_what_was_not_stored_has_no_number():
    ledger = Ledger()
    ledger.enter_epoch(7, {})
    for topic in ("E_A", "E_B", "E_C"):
        ledger.topic(topic).enter(1, 10, 0)
    ledger.number_on(True, ended={"E_A": 12, "E_B": 6})
    assert ledger.enter_epoch(8, {}) == 7
    assert ledger.positions() == {"E_A": 11, "E_B": 7, "E_C": 1}
    ledger.topic("E_A").enter(13, 1, 0)
    assert ledger.enter_epoch(9, ledger.positions()) == 8
    assert ledger.positions() == {"E_A": 14, "E_B": 7, "E_C": 1}


def test_the_epoch_is_that_of_the_broker_not_of_a_topic():
    ledger = Ledger()
    assert ledger.enter_epoch(7, {}) is None
    assert ledger.enter_epoch(7, {}) is None
    assert ledger.enter_epoch(8, {}) == 7
    assert ledger.has_left(7) and not ledger.has_left(8)
    assert ledger.topic("E_A") is ledger.topic("E_A") is not ledger.topic("E_B")
