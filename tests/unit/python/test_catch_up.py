"""Replay and live meet without a gap and without a repeat, whatever the link loses."""

import os
import random
from dataclasses import replace

import pytest

from zevi import wire
from zevi.catch_up import CatchUp
from zevi.errors import Error
from zevi.event import EpochChanged, Event, HistoryMissing, Lost
from zevi.reader import Reached, Reader
from zevi.replay_wire import End, Question
from zevi.start import Start, parse
from zevi.topics import TopicFilter

SEED = int(os.environ.get("ZEVI_TEST_SEED", random.randrange(1 << 32)))


class Broker:
    """Numbers events, remembers the latest messages of each topic, answers questions like the real one."""

    def __init__(self, held_max=1000, epoch=7, answer_messages=3):
        self.epoch = epoch
        self.held_max = held_max
        self.answer_messages = answer_messages
        self.next_q = {}
        self.stored = {}  # topic -> [(q, n, frames)]
        self.p = 0

    def publish(self, topic, n=1):
        q = self.next_q.get(topic, 1)
        runs = [[9, "worker", 1, self.p + 1, n, "host", ""]]
        self.p += n
        header = {"v": 1, "b": self.epoch, "q": q, "n": n, "at": self.p, "l": 0, "r": runs}
        body = wire.pack([[1, {"q": q + i}] for i in range(n)])
        frames = [topic.encode(), wire.pack(header), body]
        self.next_q[topic] = q + n
        held = self.stored.setdefault(topic, [])
        held.append((q, n, frames))
        del held[: -self.held_max]
        return frames

    def answer(self, question):
        """All parts of an answer."""
        filters = [TopicFilter.parse(topic) for topic in question.topics]
        topics = [t for t in self.stored if any(f.matches(t) for f in filters)]
        if question.last == 0:
            return [End(self.epoch, {t: self.next_q[t] for t in topics}, False)]
        from_ = dict(question.from_ or {}) if question.epoch in (0, self.epoch) else {}
        parts, next_ = [], {}
        for topic in topics:
            to = question.to.get(topic, self.next_q[topic] - 1)
            due = [
                (q, n, frames) for q, n, frames in self.stored[topic]
                if q + n > from_.get(topic, 1) and q <= to and (question.since_ns is None or q >= 0)
            ]  # fmt: skip
            taken = due[: self.answer_messages]
            parts += [frames for _, _, frames in taken]
            next_[topic] = to + 1 if len(taken) == len(due) else taken[-1][0] + taken[-1][1]
        more = any(next_[t] < question.to.get(t, self.next_q[t] - 1) + 1 for t in topics)
        return [*parts, End(self.epoch, next_, more)]


class Line:
    """To the broker's history, without a socket."""

    def __init__(self, broker):
        self.broker = broker
        self.parts = []
        self.questions = []
        self.socket = None

    def ask(self, question):
        self.socket = self
        self.questions.append(question)
        self.parts = self.broker.answer(question)

    def receive(self):
        return self.parts.pop(0) if self.parts else None

    def hang_up(self):
        self.socket = None
        self.parts = []


class Consumer:
    """What a subscriber does with its socket's messages."""

    def __init__(self, broker, *topics, start=Start(), budget_bytes=1 << 20):
        filters = [TopicFilter.parse(topic) for topic in topics]
        self.line = Line(broker)
        self.reader = Reader(filters, plain=False)
        self.catch_up = CatchUp(self.line, self.reader, [f.text for f in filters], start, budget_bytes)
        self.catch_up.wait_for_barrier()

    def arrive(self, frames):
        if self.catch_up.is_full:
            return
        if self.catch_up.holding:
            self.catch_up.hold(frames)
        else:
            self.catch_up.take(frames)

    def work(self, steps=1_000_000):
        for _ in range(steps):
            if self.catch_up.step():
                continue
            frames = self.catch_up.next_held()
            if frames is None:
                return
            self.catch_up.take(frames)

    def live(self):
        self.catch_up.go(self.line.broker.epoch)
        self.work()

    def found(self):
        """Without what is for a cursor."""
        return [found for found in self.reader.found if type(found) is not Reached]

    def numbers(self, topic="E_A"):
        return [f.q for f in self.found() if type(f) is Event and f.topic == topic]


def started(broker, *topics, start=Start()):
    consumer = Consumer(broker, *(topics or ["E_A"]), start=start)
    consumer.live()
    return consumer


def test_without_a_start_nothing_old_is_read():
    broker = Broker()
    broker.publish("E_A", 5)
    consumer = started(broker)
    consumer.arrive(broker.publish("E_A"))
    assert consumer.numbers() == [6]
    assert consumer.line.questions == [Question(["E_A"], last=0)]


def test_what_is_published_once_the_subscription_is_live_is_read():
    broker = Broker()
    broker.publish("E_A", 5)
    broker.publish("E_B", 5)
    consumer = Consumer(broker, "E_*")
    consumer.arrive(broker.publish("E_A"))
    consumer.live()
    consumer.arrive(broker.publish("E_B"))
    assert consumer.numbers() == [6]
    assert consumer.numbers("E_B") == [6]


def test_from_the_oldest_on_everything_held_is_read_over_several_answers_and_then_what_is_live():
    broker = Broker()
    for _ in range(10):
        broker.publish("E_A", 2)
    consumer = Consumer(broker, "E_A", start=Start(oldest=True))
    consumer.arrive(broker.publish("E_A", 2))
    consumer.live()
    consumer.arrive(broker.publish("E_A"))
    assert consumer.numbers() == list(range(1, 24))
    assert consumer.reader.statistics.replayed == 22


def test_the_last_events_are_cut_out_of_the_messages_that_hold_them():
    broker = Broker()
    for _ in range(4):
        broker.publish("E_A", 5)
    assert started(broker, start=Start(last=7)).numbers() == list(range(14, 21))


def test_fewer_events_than_asked_for_are_no_loss():
    broker = Broker(held_max=1)
    broker.publish("E_A", 5)
    broker.publish("E_A", 5)
    consumer = started(broker, start=Start(last=9))
    assert consumer.numbers() == list(range(6, 11))
    assert consumer.reader.statistics.lost_after_broker == 0


def test_numbers_that_were_asked_for_and_are_gone_are_told_as_lost():
    broker = Broker(held_max=1)
    broker.publish("E_A", 5)
    broker.publish("E_A", 5)
    consumer = started(broker, start=Start(numbers={"E_A": 3}))
    assert consumer.found()[0] == Lost("E_A", 3, "after broker", 3, 5)
    assert consumer.numbers() == list(range(6, 11))


def test_a_gap_is_filled_before_what_comes_behind_it():
    broker = Broker()
    consumer = started(broker)
    consumer.arrive(broker.publish("E_A"))
    broker.publish("E_A", 3)
    consumer.arrive(broker.publish("E_A"))
    consumer.arrive(broker.publish("E_A"))
    consumer.work()
    assert consumer.numbers() == [1, 2, 3, 4, 5, 6]
    assert consumer.reader.statistics.lost_after_broker == 0
    assert consumer.line.questions[-1] == Question(["E_A"], {"E_A": 2}, {"E_A": 4}, epoch=7)


def test_a_gap_that_is_no_longer_held_is_told_as_lost_in_its_place():
    broker = Broker(held_max=1)
    consumer = started(broker)
    consumer.arrive(broker.publish("E_A"))
    broker.publish("E_A", 3)
    consumer.arrive(broker.publish("E_A"))
    consumer.work()
    assert [type(f) for f in consumer.found()] == [Event, Lost, Event]
    assert consumer.found()[1] == Lost("E_A", 3, "after broker", 2, 4)


def test_what_was_missed_during_a_disconnection_is_fetched_though_nothing_new_comes():
    broker = Broker()
    consumer = started(broker, "E_*")
    consumer.arrive(broker.publish("E_A"))
    broker.publish("E_A", 2)
    broker.publish("E_B", 2)
    consumer.catch_up.wait_for_barrier()
    consumer.live()
    assert consumer.numbers() == [1, 2, 3]
    assert consumer.numbers("E_B") == [1, 2]


def test_a_new_broker_is_read_from_its_first_event_on():
    broker = Broker()
    consumer = started(broker)
    consumer.arrive(broker.publish("E_A", 3))
    successor = Broker(epoch=8)
    successor.p = 100
    successor.publish("E_A", 2)
    consumer.line.broker = successor
    consumer.catch_up.wait_for_barrier()
    consumer.live()
    assert consumer.numbers() == [1, 2, 3, 1, 2]
    assert EpochChanged(7, 8) in consumer.found()
    assert consumer.reader.statistics.lost_after_broker == 0


def test_what_is_held_stays_within_the_budget_and_the_barrier_is_still_found():
    broker = Broker()
    consumer = Consumer(broker, "E_A", start=Start(oldest=True), budget_bytes=500)
    for _ in range(50):
        consumer.arrive(broker.publish("E_A"))
    assert not consumer.catch_up.is_full, "the barrier comes behind them"
    consumer.catch_up.go(broker.epoch)
    assert consumer.catch_up.is_full
    consumer.work()
    assert consumer.numbers() == list(range(1, 51))


class Clock:
    """In the place of `time`, for who keeps asking."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("zevi.catch_up.time", clock)
    return clock


def wait(consumer, clock, seconds):
    for _ in range(int(seconds * 10)):
        clock.now += 0.1
        consumer.work()


class Silent(Line):
    """A line to a broker that is stopped: questions wait."""

    def receive(self):
        return None


class Nobody(Line):
    def ask(self, question):
        raise Error("there is no replay")


def consumer_with(line, broker, start):
    consumer = Consumer(broker, "E_A", start=start)
    consumer.line = consumer.catch_up._line = line
    return consumer


@pytest.mark.parametrize("start", [Start(oldest=True), Start(last=4), Start(since_ns=0), Start(numbers={"E_A": 1})])
def test_a_broker_that_does_not_answer_is_asked_again_and_nothing_is_handed_out_meanwhile(clock, start):
    broker = Broker()
    broker.publish("E_A", 3)
    consumer = consumer_with(Silent(broker), broker, start)
    consumer.live()
    consumer.arrive(broker.publish("E_A"))
    wait(consumer, clock, 20)
    assert consumer.found() == []
    assert 3 <= len(consumer.line.questions) <= 5
    consumer.line = consumer.catch_up._line = Line(broker)
    wait(consumer, clock, 9)
    assert consumer.numbers() == [1, 2, 3, 4]
    assert [f for f in consumer.found() if type(f) is not Event] == []


@pytest.mark.parametrize("kind, seconds, words", [(Silent, 60, "does not answer"), (Nobody, 5, "no replay")])
def test_a_history_that_cannot_be_had_is_told_and_reading_goes_on(clock, kind, seconds, words):
    broker = Broker()
    broker.publish("E_A", 3)
    consumer = consumer_with(kind(broker), broker, Start(oldest=True))
    consumer.live()
    consumer.arrive(broker.publish("E_A"))
    wait(consumer, clock, seconds)
    missing, event = consumer.found()
    assert type(missing) is HistoryMissing and words in missing.reason
    assert event.q == 4
    assert consumer.reader.statistics.history_missing == 1


def test_a_broker_that_stands_still_for_a_minute_loses_nobody_anything(clock):
    broker = Broker()
    consumer = started(broker)
    consumer.arrive(broker.publish("E_A"))
    consumer.line = consumer.catch_up._line = Silent(broker)
    clock.now += 2
    consumer.catch_up.check_if_quiet()
    wait(consumer, clock, 60)
    broker.publish("E_A", 3)
    consumer.line = consumer.catch_up._line = Line(broker)
    consumer.arrive(broker.publish("E_A"))
    wait(consumer, clock, 9)
    assert consumer.numbers() == [1, 2, 3, 4, 5]
    assert len(consumer.found()) == 5


def test_without_a_broker_a_question_waits_for_one(clock):
    broker = Broker()
    consumer = started(broker)
    consumer.arrive(broker.publish("E_A"))
    consumer.line = consumer.catch_up._line = Nobody(broker)
    consumer.catch_up.is_connected = False
    clock.now += 2
    consumer.catch_up.check_if_quiet()
    wait(consumer, clock, 300)
    assert len(consumer.found()) == 1 and consumer.catch_up.holding


def test_a_socket_that_was_there_before_is_waited_for(clock):
    broker = Broker()
    consumer = started(broker)
    consumer.arrive(broker.publish("E_A"))
    consumer.line = consumer.catch_up._line = Nobody(broker)
    broker.publish("E_A")
    consumer.arrive(broker.publish("E_A"))
    wait(consumer, clock, 15)
    consumer.line = consumer.catch_up._line = Line(broker)
    wait(consumer, clock, 1)
    assert consumer.numbers() == [1, 2, 3]


def test_time_that_the_consumer_takes_is_no_reason_to_give_up(clock):
    broker = Broker()
    broker.publish("E_A", 3)
    consumer = consumer_with(Silent(broker), broker, Start(oldest=True))
    consumer.live()
    clock.now += 1000
    consumer.work()
    assert consumer.found() == [] and consumer.catch_up.holding


def test_who_begins_now_does_not_wait_for_a_history_that_is_not_there(clock):
    broker = Broker()
    broker.publish("E_A", 3)
    consumer = consumer_with(Nobody(broker), broker, Start())
    consumer.live()
    consumer.arrive(broker.publish("E_A"))
    assert consumer.numbers() == [4]
    assert len(consumer.found()) == 1


def test_a_refused_question_is_asked_again_and_told_if_it_is_refused_for_long(clock):
    class Refusing(Broker):
        refuses = True

        def answer(self, question):
            return [End(self.epoch, {}, reason="ask later")] if self.refuses else super().answer(question)

    broker = Refusing()
    broker.publish("E_A", 3)
    consumer = started(broker, start=Start(oldest=True))
    wait(consumer, clock, 5)
    assert consumer.found() == []
    broker.refuses = False
    wait(consumer, clock, 1)
    assert consumer.numbers() == [1, 2, 3]

    broker.refuses = True
    consumer = started(broker, start=Start(oldest=True))
    wait(consumer, clock, 60)
    assert consumer.found() == [HistoryMissing("the broker refused: ask later")]


def test_a_broker_of_another_epoch_than_the_live_one_is_not_believed(clock):
    broker, successor = Broker(), Broker(epoch=8)
    consumer = started(broker, start=Start(oldest=True))
    consumer.arrive(broker.publish("E_A", 3))
    successor.p = 100
    successor.publish("E_A", 2)
    consumer.line.broker = successor
    consumer.catch_up.wait_for_barrier()
    consumer.catch_up.go(7)  # the old connection still had an answer
    wait(consumer, clock, 5)
    assert consumer.numbers() == [1, 2, 3]
    consumer.catch_up.go(8)
    consumer.work()
    assert consumer.numbers() == [1, 2, 3, 1, 2]


def test_a_live_message_of_a_new_epoch_waits_for_what_came_before_it():
    broker, successor = Broker(), Broker(epoch=8)
    consumer = started(broker)
    consumer.arrive(broker.publish("E_A", 3))
    successor.p = 3
    successor.publish("E_A", 2)
    consumer.line.broker = successor
    consumer.arrive(successor.publish("E_A"))
    assert consumer.catch_up.waits_for_barrier
    consumer.live()
    assert consumer.numbers() == [1, 2, 3, 1, 2, 3]
    assert [f.p for f in consumer.found() if type(f) is Event] == [1, 2, 3, 4, 5, 6]


def test_what_is_held_behind_a_hole_when_its_broker_ends_is_handed_out_and_the_hole_is_told(clock):
    broker, successor = Broker(), Broker(epoch=8)
    consumer = started(broker)
    consumer.arrive(broker.publish("E_A", 2))
    consumer.line = consumer.catch_up._line = Silent(broker)
    lost = broker.publish("E_A", 2)
    behind = broker.publish("E_A", 2)
    consumer.arrive(behind)
    assert consumer.numbers() == [1, 2]
    # The successor gets them again.
    for frames, p in ((lost, 3), (behind, 5)):
        successor.p = p - 1
        successor.publish("E_A", 2)
    consumer.line = consumer.catch_up._line = Line(successor)
    consumer.catch_up.wait_for_barrier()
    consumer.live()
    consumer.arrive(successor.publish("E_A"))
    assert consumer.found()[2] == Lost("E_A", 2, "after broker", 3, 4)
    assert [f.p for f in consumer.found() if type(f) is Event] == [1, 2, 5, 6, 7]
    assert consumer.reader.statistics.lost_with_broker == 0


def test_what_ended_with_its_broker_is_told_by_the_numbers_of_its_publisher():
    broker, successor = Broker(), Broker(epoch=8)
    consumer = started(broker)
    consumer.arrive(broker.publish("E_A", 3))
    successor.p = 7
    successor.publish("E_A", 2)
    consumer.line.broker = successor
    consumer.catch_up.wait_for_barrier()
    consumer.live()
    consumer.arrive(successor.publish("E_A"))
    marks = [f for f in consumer.found() if type(f) is not Event]
    assert marks == [EpochChanged(7, 8), Lost("E_A", 4, "with broker", id=9, p_from=4, p_to=7)]
    assert consumer.reader.statistics.lost_with_broker == 4
    assert str(marks[1]) == "E_A: 4 lost with broker (publisher 9, p 4 to 7)"


def test_what_left_the_history_of_a_new_broker_before_it_was_asked_is_told():
    broker, successor = Broker(), Broker(epoch=8, held_max=1)
    consumer = started(broker, "E_*")
    consumer.arrive(broker.publish("E_A"))
    successor.p = 1
    for topic in ("E_A", "E_A", "E_B", "E_B"):
        successor.publish(topic, 2)
    consumer.line.broker = successor
    consumer.catch_up.wait_for_barrier()
    consumer.live()
    assert [f for f in consumer.found() if type(f) is Lost and f.where == "after broker"] == [
        Lost("E_A", 2, "after broker", 1, 2), Lost("E_B", 2, "after broker", 1, 2)
    ]  # fmt: skip


def test_a_topic_that_is_new_is_read_from_its_first_event_on():
    broker = Broker()
    consumer = started(broker, "E_*")
    broker.publish("E_B", 2)
    consumer.arrive(broker.publish("E_B"))
    consumer.work()
    assert consumer.numbers("E_B") == [1, 2, 3]


def test_numbers_that_were_never_stored_do_not_hide_those_that_took_their_place():
    broker = Broker()
    consumer = started(broker)
    consumer.arrive(broker.publish("E_A", 10))
    # What was behind 5 was not stored; a successor took in others, of which 6 to 12 are gone already.
    successor = Broker(epoch=8)
    successor.next_q["E_A"] = 13
    successor.p = 17
    successor.publish("E_A", 2)
    answer = successor.answer

    def continued(question):
        *parts, end = answer(question)
        asked = question.epoch == 7
        gone = [("E_A", 6, 12)] if question.last is None else []
        return [*parts, replace(end, ended={"E_A": 5} if asked else None, gone=gone)]

    successor.answer = continued
    consumer.line.broker = successor
    consumer.catch_up.wait_for_barrier()
    consumer.live()
    assert consumer.numbers() == [*range(1, 11), 13, 14]
    assert [f for f in consumer.found() if type(f) is Lost] == [Lost("E_A", 7, "after broker", 6, 12)]


def test_who_could_not_begin_now_reads_all_of_the_next_epoch(clock):
    broker, successor = Broker(), Broker(epoch=8)
    consumer = consumer_with(Nobody(broker), broker, Start())
    consumer.live()
    consumer.arrive(broker.publish("E_A"))
    successor.p = 1
    successor.publish("E_A", 2)
    consumer.line = consumer.catch_up._line = Line(successor)
    consumer.catch_up.wait_for_barrier()
    consumer.live()
    assert consumer.numbers() == [1, 1, 2]


def test_what_is_gone_is_told_at_once_and_not_asked_for_again():
    broker = Broker(answer_messages=1)
    consumer = started(broker, "E_*")
    consumer.arrive(broker.publish("E_A"))
    answer = broker.answer

    def with_holes(question):
        parts = answer(question)
        return [replace(parts[-1], next={"E_A": 4}, gone=[("E_A", 2, 3)])] if question.to else parts

    broker.answer = with_holes
    broker.publish("E_A", 2)
    consumer.arrive(broker.publish("E_A"))
    consumer.work()
    assert consumer.found()[1] == Lost("E_A", 2, "after broker", 2, 3)
    assert consumer.numbers() == [1, 4]
    assert len([q for q in consumer.line.questions if q.to]) == 1


@pytest.mark.parametrize("round_", range(30))
def test_over_a_link_that_loses_every_event_arrives_once_in_order_or_is_told_as_lost(round_):
    chance = random.Random(SEED + round_)
    print(f"ZEVI_TEST_SEED={SEED + round_}")
    broker = Broker(held_max=chance.choice([2, 5, 1000]), answer_messages=chance.randint(1, 4))
    consumer = Consumer(broker, "E_*", start=Start(oldest=True))
    for _ in range(300):
        frames = broker.publish(chance.choice(["E_A", "E_B", "E_C"]), chance.randint(1, 3))
        if chance.random() < 0.7:
            consumer.arrive(frames)
        consumer.work(chance.randint(0, 5))
        if chance.random() < 0.03:
            consumer.catch_up.wait_for_barrier()
        if chance.random() < 0.1:
            consumer.catch_up.go(broker.epoch)
    consumer.work()
    consumer.catch_up.wait_for_barrier()
    consumer.live()
    for topic, end in broker.next_q.items():
        next_q = None
        for found in consumer.found():
            if found.topic != topic:
                continue
            first, last = (found.q, found.q) if type(found) is Event else (found.q_from, found.q_to)
            assert next_q in (None, first)
            next_q = last + 1
        assert next_q == end


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("oldest", 5, None), "contradict"),
        (("yesterday", None, None), "'now', 'oldest'"),
        (({"E A": 1}, None, None), "first number"),
        (({"E_A": 0}, None, None), "from 1"),
        ((None, -1, None), "how long ago"),
        ((None, None, 0), "from 1"),
    ],
)
def test_a_start_that_cannot_be_is_refused_in_words(arguments, words):
    with pytest.raises(Exception, match=words):
        parse(*arguments)
