"""Each event of a publisher counts once under any ``q``, and what is missing of it after a broker's end is known."""

from zevi.publisher_numbers import REMEMBERED_SECONDS, PublisherNumbers, Sight


def after_an_epoch(**highest):
    """What is known when an epoch has ended in which publishers came so far: ``a=10``."""
    numbers = PublisherNumbers()
    numbers.is_whole = True
    for name, p in highest.items():
        numbers.take(ord(name), 1, p, 0.0)
    numbers.enter_epoch()
    return numbers


A, B, C = map(ord, "abc")


def test_each_number_of_a_publisher_counts_once_under_any_q():
    numbers = PublisherNumbers()
    assert numbers.take(publisher=1, p=1, count=5, now=0.0) == Sight(0, 0, 0)
    assert numbers.take(2, 1, 5, 0.0) == Sight(0, 0, 0), "another publisher has its own numbers"
    assert numbers.take(1, 4, 5, 0.0) == Sight(2, 0, 0)
    assert numbers.take(1, 1, 8, 0.0) == Sight(8, 0, 0)
    assert numbers.take(1, 20, 1, 0.0) == Sight(0, 0, 0), "a gap within an epoch is told by others"
    assert numbers.take(1, 0, 3, 0.0) == Sight(0, 0, 0), "no number, no repeat"


def test_a_publisher_is_forgotten_one_to_two_hours_after_its_last_event():
    numbers = PublisherNumbers()
    numbers.take(1, 1, 5, 0.0)
    assert numbers.take(1, 5, 1, REMEMBERED_SECONDS + 1).repeats == 1
    assert numbers.take(1, 5, 1, 2 * REMEMBERED_SECONDS + 2).repeats == 1
    numbers.take(2, 1, 1, 3 * REMEMBERED_SECONDS + 3)
    numbers.take(2, 2, 1, 4 * REMEMBERED_SECONDS + 4)
    assert numbers.take(1, 5, 1, 4 * REMEMBERED_SECONDS + 5).repeats == 0


def test_what_is_missing_of_a_publisher_behind_a_change_of_epoch_is_lost_and_found_once():
    numbers = after_an_epoch(a=10)
    assert numbers.take(A, 15, 2, 0.0) == Sight(0, 11, 14)
    assert numbers.take(A, 15, 2, 0.0) == Sight(2, 0, 0)
    assert numbers.take(A, 20, 1, 0.0) == Sight(0, 0, 0)


def test_what_is_sent_again_in_a_new_epoch_is_no_loss():
    numbers = after_an_epoch(a=10)
    assert numbers.take(A, 8, 2, 0.0) == Sight(2, 0, 0)
    assert numbers.take(A, 10, 3, 0.0) == Sight(1, 0, 0)


def test_of_a_publisher_that_is_new_all_is_missing_if_the_topic_was_read_from_its_first_event_on():
    numbers = after_an_epoch(a=10)
    assert numbers.take(B, 5, 1, 0.0) == Sight(0, 1, 4)
    numbers = after_an_epoch(a=10)
    numbers.is_whole = False
    assert numbers.take(B, 5, 1, 0.0) == Sight(0, 0, 0)
    numbers = PublisherNumbers()
    numbers.is_whole = True
    assert numbers.take(B, 5, 1, 0.0) == Sight(0, 0, 0), "no epoch has ended"


def test_what_a_new_publisher_dropped_at_its_beginning_is_not_told_twice():
    numbers = after_an_epoch(a=10)
    numbers.note_lost_before(4)
    assert numbers.take(B, 5, 1, 0.0) == Sight(0, 0, 0)
    assert numbers.take(C, 5, 1, 0.0) == Sight(0, 1, 4)


def test_what_was_told_by_its_number_in_the_broker_is_not_told_again():
    numbers = PublisherNumbers()
    numbers.take(A, 1, 10, 0.0)
    numbers.take(B, 1, 10, 0.0)
    numbers.note_lost_after(3)
    numbers.take(B, 11, 1, 0.0)
    numbers.enter_epoch()
    assert numbers.take(B, 14, 1, 0.0) == Sight(0, 12, 13), "it was heard behind them: they were not its own"
    assert numbers.take(A, 16, 1, 0.0) == Sight(0, 14, 15)


def test_what_was_told_by_its_number_in_the_new_epoch_is_the_end_of_a_gap():
    numbers = after_an_epoch(a=10)
    numbers.note_lost_after(3)
    assert numbers.take(A, 16, 1, 0.0) == Sight(0, 11, 12)


def test_who_was_forgotten_is_not_taken_for_new():
    numbers = after_an_epoch(a=10)
    for hour in range(1, 4):
        numbers.take(B, hour, 1, hour * (REMEMBERED_SECONDS + 1))
    assert numbers.take(A, 15, 1, 4 * (REMEMBERED_SECONDS + 1)) == Sight(0, 0, 0)
