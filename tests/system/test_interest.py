"""What subscribers ask for reaches the publishers, and barriers say when."""

import time

import pytest

from zevi_test import RawPublisher, RawSubscriber


@pytest.fixture
def broker(zevid):
    return zevid("--interest-linger", "300ms", "--history", "none")


def test_a_new_subscriber_is_told_to_publishers_within_100_ms(broker):
    with RawPublisher(broker.ingress).open() as publisher:
        assert not publisher.wants("E_PROFILING_PROC")
        with RawSubscriber(broker.stream, ["E_PROFILING_"], barrier=False):
            publisher.wait_wanted("E_PROFILING_PROC")
            assert not publisher.wants("E_CORE_LOG")


def test_a_topic_stays_wanted_for_the_linger_time_and_no_longer(broker):
    with RawPublisher(broker.ingress).open() as publisher:
        with RawSubscriber(broker.events, ["T"], plain=True, barrier=False):
            publisher.wait_wanted("T")
        left = time.monotonic()
        publisher.wait_wanted("T", wanted=False)
        assert time.monotonic() - left >= 0.29


def test_subscribers_of_both_endpoints_count_and_each_one_does(broker):
    with RawPublisher(broker.ingress).open() as publisher:
        first = RawSubscriber(broker.stream, ["T"])
        second = RawSubscriber(broker.stream, ["T"])
        third = RawSubscriber(broker.events, ["T"], plain=True)
        publisher.wait_wanted("T")
        first.close()
        third.close()
        generation = publisher.g
        while publisher.receive(0.6) is not None:
            pass
        assert publisher.g == generation, "nothing has changed while one is left"
        second.close()
        publisher.wait_wanted("T", wanted=False)


def test_an_interest_that_was_lost_is_sent_again_for_the_next_beat(broker):
    with RawPublisher(broker.ingress).open() as publisher:
        with RawSubscriber(broker.stream, ["T"], barrier=False):
            interest = publisher.expect("interest")
            publisher.beat(g=interest["g"] - 1)
            assert publisher.expect("interest") == interest


def test_a_barrier_waits_for_publishers_that_have_not_confirmed_and_tells_their_number(broker):
    with RawPublisher(broker.ingress).open(), RawPublisher(broker.ingress).open():
        began = time.monotonic()
        subscriber = RawSubscriber(broker.stream, ["T"], barrier=False)
        assert subscriber.barrier(confirmed=False)["unconfirmed"] == 2
        assert time.monotonic() - began >= 0.19
        subscriber.close()


def test_a_barrier_is_answered_at_once_when_all_publishers_have_confirmed(broker):
    with RawPublisher(broker.ingress).open() as publisher:
        subscriber = RawSubscriber(broker.stream, ["T"], barrier=False)
        publisher.wait_wanted("T")
        publisher.beat()
        assert subscriber.barrier(confirmed=False)["unconfirmed"] == 0
        subscriber.close()


def test_a_barrier_comes_behind_what_was_published_before_it(broker):
    with RawPublisher(broker.ingress).open() as publisher, RawSubscriber(broker.stream, ["T"]) as subscriber:
        publisher.wait_wanted("T")
        for i in range(50):
            publisher.expect_ack(publisher.events("T", [{"i": i}]))
            subscriber.barrier()
            assert subscriber.events(1, deadline=0.1)[0].params == {"i": i}


def test_publishers_that_ended_or_were_killed_hold_no_barrier_up_for_long(broker):
    silent = RawPublisher(broker.ingress).open()
    silent.close()
    with RawSubscriber(broker.stream, ["T"]) as subscriber:  # asks until nobody is unconfirmed
        assert subscriber.barrier()["unconfirmed"] == 0


def test_more_prefixes_than_an_interest_holds_mean_everything(broker):
    with RawPublisher(broker.ingress).open() as publisher:
        topics = [f"T{i}" for i in range(1030)]
        with RawSubscriber(broker.stream, topics, barrier=False):
            publisher.wait_wanted("ANYTHING")
            assert publisher.interest["w"] == [""]
        publisher.wait_wanted("ANYTHING", wanted=False)
