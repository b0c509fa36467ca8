"""A consumer with a cursor, its broker and the publishers end and start again at any moment: every event is done with once, in
order, or told as lost."""

import os
import random
from collections import defaultdict, deque

import pytest

from zevi import wire
from zevi.catch_up import CatchUp
from zevi.confirmation import Confirmation
from zevi.cursor import Cursor
from zevi.event import Event, Lost
from zevi.reader import Reached, Reader
from zevi.replay_wire import End
from zevi.start import Start
from zevi.topics import TopicFilter

SEED = int(os.environ.get("ZEVI_TEST_SEED", random.randrange(1 << 32)))
TOPICS = ["E_A", "E_B", "E_C"]


class Publisher:
    """Numbers its events and keeps what is not acknowledged."""

    def __init__(self, id):
        self.id = id
        self.next_p = defaultdict(lambda: 1)
        self.window = []

    def make(self, topic, n):
        batch = (topic, self.next_p[topic], n)
        self.next_p[topic] += n
        self.window.append(batch)
        return batch


class Broker:
    """Remembers the latest messages of each topic; with a store, the next broker goes on with what was written."""

    def __init__(self, epoch, held_max, predecessor=None):
        self.epoch = epoch
        self.held_max = held_max
        self.next_q = {}
        self.held = {}  # topic -> [(q, n, at, frames)]
        self.highest = {}  # (id, topic) -> p
        self.at = 0
        self.ended = {}  # epoch -> last q of each topic
        self.written = None
        self.numbers = {}  # (topic, q) -> (id, topic, p)
        if predecessor is not None and predecessor.written is not None:
            self.next_q, self.held, self.highest, self.at, self.numbers = predecessor.written
            self.ended = dict(predecessor.ended)
            self.ended[predecessor.epoch] = {topic: q - 1 for topic, q in self.next_q.items()}

    def write(self):
        held = {topic: list(messages) for topic, messages in self.held.items()}
        self.written = (dict(self.next_q), held, dict(self.highest), self.at, dict(self.numbers))

    def take(self, publisher, batch):
        """The message for `stream`, none for a repeat."""
        topic, p, n = batch
        if self.highest.get((publisher.id, topic), 0) >= p:
            return None
        self.highest[publisher.id, topic] = p + n - 1
        q = self.next_q.get(topic, 1)
        for i in range(n):
            self.numbers[topic, q + i] = (publisher.id, topic, p + i)
        self.at += 1
        runs = [[publisher.id, "worker", 1, p, n, "host", ""]]
        header = {"v": 1, "b": self.epoch, "q": q, "n": n, "at": self.at, "l": 0, "r": runs}
        frames = [topic.encode(), wire.pack(header), wire.pack([[1, {}]] * n)]
        self.next_q[topic] = q + n
        held = self.held.setdefault(topic, [])
        held.append((q, n, self.at, frames))
        del held[: -self.held_max]
        return frames

    def answer(self, question):
        from_ = dict(question.from_) if question.from_ is not None else {}
        ended = None
        if question.epoch not in (0, self.epoch):
            ended = self.ended.get(question.epoch)
            if ended is None:
                from_ = {}
            else:
                from_ = {topic: min(q, ended.get(topic, 0) + 1) for topic, q in from_.items()}
        filters = [TopicFilter.parse(topic) for topic in question.topics]
        topics = [topic for topic in self.next_q if any(f.matches(topic) for f in filters)]
        if question.last == 0:
            return [End(self.epoch, {t: self.next_q[t] for t in topics}, ended=ended)]
        due, next_, gone = [], {}, []
        for topic in topics:
            to = min(question.to.get(topic, self.next_q[topic] - 1), self.next_q[topic] - 1)
            at = from_.get(topic)
            next_[topic] = to + 1
            for q, n, order, frames in self.held[topic]:
                if at is not None and q + n <= at:
                    continue
                if q > to:
                    break
                if at is not None and q > at:
                    gone.append((topic, at, q - 1))
                due.append((order, topic, q, frames))
                at = q + n
            if at is not None and at <= to:
                gone.append((topic, at, to))
        due.sort(key=lambda message: message[0])
        taken, rest = due[:3], due[3:]
        for _, topic, q, _ in reversed(rest):
            next_[topic] = q
        gone = [hole for hole in gone if hole[2] < next_[hole[0]]]
        return [*(frames for *_, frames in taken), End(self.epoch, next_, bool(rest), gone=gone, ended=ended)]


class Line:
    """To whatever broker is there when a question is asked."""

    def __init__(self, world):
        self.world = world
        self.socket = None
        self.parts = []

    def ask(self, question):
        self.socket = self
        self.parts = self.world.broker.answer(question)

    def receive(self):
        return self.parts.pop(0) if self.parts else None

    def hang_up(self):
        self.socket = None
        self.parts = []


class World:
    def __init__(self, chance, path, has_store):
        self.chance = chance
        self.path = path
        self.has_store = has_store
        self.held_max = chance.choice([3, 8, 1000])
        self.broker = Broker(1, self.held_max)
        self.publishers = [Publisher(id) for id in range(1, 4)]
        self.ids = len(self.publishers)
        self.numbers = {1: self.broker.numbers}  # of each epoch
        self.taken = set()  # (id, topic, p) that a broker took in
        self.unknowable = set()  # of those, what ended with a broker, of a publisher that ended too
        self.done = []  # what the consumer has done with, as of the last saving
        self.handed = []  # since then
        self.at_start = None
        self.open()

    # The consumer

    def open(self):
        cursor = Cursor(self.path)
        self.reader = Reader([TopicFilter.parse("E_*")], plain=False)
        cursor.restore(self.reader.ledger)
        self.line = Line(self)
        self.catch_up = CatchUp(self.line, self.reader, ["E_*"], Start(), 1 << 20)
        self.confirmation = Confirmation(cursor, by_reading=False)
        self.connect()

    def connect(self):
        self.pipe = deque()  # between the broker's socket and the consumer
        self.catch_up.wait_for_barrier()
        self.pipe.append(self.broker.epoch)

    def restart(self):
        self.handed = []
        self.open()

    def confirm(self):
        self.confirmation.confirm()
        self.done += self.handed
        self.handed = []

    def work(self, steps):
        for _ in range(steps):
            if not self.work_once():
                return

    def work_once(self):
        found = self.reader.found
        if found and self.chance.random() < 0.5:
            while found:
                item = found.popleft()
                self.confirmation.note(item)
                if not isinstance(item, Reached):
                    self.handed.append(item)
                    break
                if self.at_start is None:
                    # From here on everything counts.
                    self.at_start = dict(item.next)
            return True
        if self.catch_up.step():
            return True
        frames = self.catch_up.next_held()
        if frames is not None:
            self.catch_up.take(frames)
        elif not self.pipe:
            return bool(found)
        elif isinstance(self.pipe[0], int):
            self.catch_up.go(self.pipe.popleft())
        elif self.catch_up.holding:
            self.catch_up.hold(self.pipe.popleft())
        else:
            self.catch_up.take(self.pipe.popleft())
        return True

    # The others

    def publish(self, publisher, topic, n, arrives=True):
        self.send(publisher, publisher.make(topic, n), arrives)

    def send(self, publisher, batch, arrives=True):
        topic, p, n = batch
        frames = self.broker.take(publisher, batch)
        if frames is None:
            return
        self.taken.update((publisher.id, topic, p + i) for i in range(n))
        if arrives:
            self.pipe.append(frames)

    def acknowledge(self):
        if self.has_store:
            self.broker.write()
        for publisher in self.publishers:
            publisher.window.clear()

    def end_broker(self):
        kept = self.pipe if self.chance.random() < 0.7 else deque()
        if self.has_store and self.broker.written is None:
            self.broker.write()
        self.broker = Broker(self.broker.epoch + 1, self.held_max, self.broker)
        self.numbers[self.broker.epoch] = self.broker.numbers
        self.pipe = kept
        if self.chance.random() < 0.5:
            self.catch_up.wait_for_barrier()  # else the new connection is not noticed yet
        # Publishers may find the broker before the reader does, and live messages may come before the barrier's answer.
        when = self.chance.random()
        self.send_again(arrives=when > 0.3)
        if when > 0.6:
            self.publish(self.chance.choice(self.publishers), self.chance.choice(TOPICS), 1)
        self.pipe.append(self.broker.epoch)

    def send_again(self, arrives):
        for publisher in self.publishers:
            for batch in publisher.window:
                self.send(publisher, batch, arrives)

    def end_publisher(self):
        at = self.chance.randrange(len(self.publishers))
        ended = self.publishers[at]
        self.ids += 1
        self.publishers[at] = Publisher(self.ids)
        self.unknowable.add(ended.id)

    # The audit

    def check(self):
        delivered, lost_with_broker, last = set(), set(), {}
        lost_after_broker = defaultdict(int)
        for item in self.done:
            if isinstance(item, Event):
                event = (item.id, item.topic, item.p)
                assert event not in delivered, f"{event} twice"
                assert event not in lost_with_broker, f"{event} though it had been told as lost"
                assert item.p > last.get(event[:2], 0), f"{event} out of order"
                delivered.add(event)
                last[event[:2]] = item.p
            elif isinstance(item, Lost) and item.where == "with broker":
                events = {(item.id, item.topic, p) for p in range(item.p_from, item.p_to + 1)}
                assert len(events) == item.count
                assert events <= self.taken - delivered - lost_with_broker, f"{item} is not so"
                lost_with_broker |= events
            elif isinstance(item, Lost):
                assert item.count == item.q_to - item.q_from + 1
                lost_after_broker[item.topic] += item.count
        missing = defaultdict(list)
        for event in self.taken - delivered - lost_with_broker - self.before_start():
            if event[0] not in self.unknowable and self.can_be_known(event, delivered):
                missing[event[1]].append(event)
        for topic, events in missing.items():
            # Whose numbers those lost after the broker had, nobody says.
            assert len(events) <= lost_after_broker[topic], f"nobody tells of all of {sorted(events)}"

    def before_start(self):
        assert self.at_start is not None
        return {event for (topic, q), event in self.numbers[1].items() if q < self.at_start.get(topic, 1)}

    def can_be_known(self, event, delivered):
        """Of a publisher that was not met before, only who has read the topic from its first event on knows what is missing."""
        id, topic, p = event
        return self.at_start.get(topic, 1) == 1 or any((id, topic, earlier) in delivered for earlier in range(1, p))


@pytest.mark.parametrize("has_store", [False, True], ids=["memory", "store"])
@pytest.mark.parametrize("round_", range(40))
def test_whoever_ends_and_starts_again_every_event_is_done_with_once_or_told_as_lost(tmp_path, round_, has_store):
    seed = SEED + round_
    print(f"ZEVI_TEST_SEED={seed}")
    chance = random.Random(seed)
    world = World(chance, str(tmp_path / "cursor"), has_store)
    for _ in range(chance.choice([0, 0, 4])):
        world.publish(chance.choice(world.publishers), chance.choice(TOPICS), 2, arrives=False)
    world.work(1000)
    for _ in range(200):
        kind = chance.random()
        if kind < 0.6:
            publisher, topic = chance.choice(world.publishers), chance.choice(TOPICS)
            world.publish(publisher, topic, chance.randint(1, 3), arrives=chance.random() < 0.8)
        elif kind < 0.75:
            world.acknowledge()
        elif kind < 0.85:
            world.confirm()
        elif kind < 0.90:
            world.restart()
        elif kind < 0.95:
            world.end_broker()
        elif kind < 0.97:
            world.end_publisher()
        else:
            world.connect()
        world.work(chance.randint(0, 12))
    world.connect()
    for publisher in world.publishers:
        for topic in TOPICS:
            world.publish(publisher, topic, 1)
    world.work(100_000)
    assert not world.reader.found and not world.pipe
    world.confirm()
    world.check()
