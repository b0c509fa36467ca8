"""Readers that lie, flood, vanish or never read are refused or paused, and counted; honest readers are answered."""

import msgpack
import pytest
import zmq

from zevi_test import RawPublisher, RawReader, wait_until
from zevi_test.programs import memory_bytes
from zevi_test.raw_publisher import pack
from zevi_test.sanitizers import keeping_little_freed

MIB = 1 << 20
#: What the history holds in these tests: far more than a reader's queue and the kernel's buffers.
EVENTS, EVENTS_IN_BATCH, EVENT_BYTES = 2000, 5, 10_000


def question(i=7, **fields):
    return pack({"k": "replay", "i": i, "t": ["E_*"], **fields})


#: Frames that are no question, and the number that their refusal says.
BROKEN_QUESTIONS = {
    "empty": (b"", 0),
    "no msgpack": (b"\xc1", 0),
    "an array": (b"\x93\x01\x02\x03", 0),
    "a map of 2^32 - 1 pairs": (b"\xdf\xff\xff\xff\xff", 0),
    "nested 100,000 deep": (b"\x82\xa1i\x07\xa1t" + b"\x91" * 100_000, 7),
    "no kind": (pack({"i": 7, "t": ["E_*"]}), 7),
    "another kind": (pack({"k": "hello", "i": 7}), 7),
    "an unknown kind": (pack({"k": "later", "i": 7}), 7),
    "cut short": (question()[:-1], 7),
    "bytes behind the end": (question() + b"\x00", 7),
    "no topics": (pack({"k": "replay", "i": 7}), 7),
    "a number behind the fault": (pack({"k": "replay", "t": "E_*", "i": 7}), 7),
    "a topic with a space": (question(t=["no topic"]), 7),
    "1,025 topics": (question(t=["E_*"] * 1025), 7),
    "from number 0": (question(**{"from": {"E_X": 0}}), 7),
    "since before 1970": (question(since=-1), 7),
    "0 bytes": (question(limit_bytes=0), 7),
    "more than 16 MiB": (question(limit_bytes=16 * MIB + 1), 7),
    "a number of 2^53": (question(1 << 53), 0),
    "a number that is text": (question("7"), 0),
}


@pytest.fixture
def scene(zevid):
    """A broker with a history and an honest reader."""
    broker = zevid(env=keeping_little_freed)
    with RawPublisher(broker.ingress).open() as publisher, RawReader(broker.endpoint("replay")) as reader:
        publish(publisher, EVENTS)
        yield broker, publisher, reader


def publish(publisher, count, topic="E_BIG"):
    for first in range(0, count, EVENTS_IN_BATCH):
        events = [{"i": i, "x": "x" * EVENT_BYTES} for i in range(first, first + EVENTS_IN_BATCH)]
        s = publisher.events(topic, events)
        while publisher.acked < s - 20:
            publisher.expect("ack")
    publisher.beat()
    publisher.expect_ack(s)


@pytest.fixture
def dealers(scene):
    """Makes DEALERs connected to `replay`, all of one context."""
    broker, _, _ = scene
    context = zmq.Context()

    def connect(rcvhwm=1, routing_id=None):
        socket = context.socket(zmq.DEALER)
        socket.linger, socket.rcvhwm = 0, rcvhwm
        if routing_id:
            socket.routing_id = routing_id
        socket.connect(broker.endpoint("replay"))
        return socket

    yield connect
    context.destroy(linger=0)


def receive(socket):
    assert socket.poll(30_000), "no answer"
    return socket.recv_multipart()


def refusal(socket):
    frames = receive(socket)
    end = msgpack.unpackb(frames[0])
    assert len(frames) == 1 and end["k"] == "end" and end["reason"] and end["b"] != 0, end
    return end


def is_answered(reader):
    """An honest question has its answer."""
    answer = reader.ask("E_BIG", last=5)
    return answer.values() == list(range(EVENTS))[-len(answer.events):]


def test_every_kind_of_broken_question_is_refused_with_its_number_and_the_next_one_answered(scene, dealers):
    broker, _, reader = scene
    hostile = dealers()
    for name, (frame, number) in BROKEN_QUESTIONS.items():
        hostile.send(frame)
        assert refusal(hostile)["i"] == number, name
    hostile.send(question(8, last=0))
    assert msgpack.unpackb(receive(hostile)[0])["i"] == 8
    assert is_answered(reader)
    assert broker.stopped_counters()["replays_refused"] == len(BROKEN_QUESTIONS)


def test_a_question_of_several_frames_and_one_with_a_routing_id_of_its_own_are_refused(scene, dealers):
    broker, _, reader = scene
    hostile = dealers()
    for frames in ([question(1)] * 2, [question(2)] * 10_000, [b"", question(3)]):
        hostile.send_multipart(frames)
    assert [refusal(hostile)["i"] for _ in range(3)] == [1, 2, 0]
    chosen = dealers(routing_id=b"chosen")
    chosen.send(question(4))
    assert refusal(chosen)["i"] == 4
    assert is_answered(reader)
    assert broker.stopped_counters()["replays_refused"] == 4


def test_a_question_of_300_kib_is_answered_and_one_above_4_mib_costs_its_sender_the_connection(scene, dealers):
    broker, _, reader = scene
    names = {f"E_{'x' * 100}{i}": 1 for i in range(3000)}
    assert reader.ask("E_BIG", from_={**names, "E_BIG": EVENTS}).numbers()["E_BIG"][-1] == EVENTS
    hostile = dealers()
    hostile.send(bytes(5 * MIB))
    assert is_answered(reader)
    assert "replays_refused" not in broker.stopped_counters()


def test_of_a_flood_of_questions_those_beyond_16_are_refused_and_the_others_answered(scene, dealers):
    broker, _, reader = scene
    flooding = dealers()
    count = 60
    for i in range(1, count + 1):
        flooding.send(question(i, limit_bytes=16 * MIB))
    wait_until(lambda: "refused a question" in broker.stderr, what="a refusal in the log")
    assert is_answered(reader)
    ends = []
    while len(ends) < 16:
        head = msgpack.unpackb(receive(flooding)[0])
        if head["k"] == "end" and "reason" not in head:
            ends.append(head["i"])
    assert ends == list(range(1, 17))
    assert is_answered(reader)
    counters = broker.stopped_counters()
    assert 0 < counters["replays_refused"] <= count - 16


def test_readers_that_ask_and_vanish_leave_nothing_behind(scene, dealers):
    broker, _, reader = scene
    assert is_answered(reader)
    for _ in range(10):
        vanishing = [dealers() for _ in range(50)]
        for number, socket in enumerate(vanishing):
            for i in range(1 + number % 20):
                socket.send(question(i, limit_bytes=16 * MIB))
        for socket in vanishing[::5]:
            receive(socket)  # those leave in the middle of their answer, the others somewhere
        for socket in vanishing:
            socket.close(linger=0)
        assert is_answered(reader)
    wait_until(lambda: is_answered(reader), what="an answer")
    # Nobody counts as a reader any more: as many as may be there at once are answered.
    later = [dealers() for _ in range(200)]
    for socket in later:
        socket.send(question(1, last=0))
    for socket in later:
        assert "reason" not in msgpack.unpackb(receive(socket)[0])
    assert memory_bytes(broker.pid) < 150 * MIB
    assert broker.stopped_counters()["replays_abandoned"] > 0


def test_readers_that_never_read_hold_a_bounded_part_of_what_the_history_has_given_up(zevid):
    broker = zevid("--history", "=8MiB", env=keeping_little_freed)
    context = zmq.Context()
    with RawPublisher(broker.ingress).open() as publisher, RawReader(broker.endpoint("replay")) as reader:
        publish(publisher, 1000)
        before = memory_bytes(broker.pid)
        readers = []
        for _ in range(40):
            # Queues of 64 messages that hold all of the history; the last one has its whole answer in there.
            for last in (1000, 600, 480, 150):
                stuck = context.socket(zmq.DEALER)
                stuck.linger, stuck.rcvhwm = 0, 1
                stuck.connect(broker.endpoint("replay"))
                stuck.send(question(last=last, limit_bytes=16 * MIB))
                assert stuck.poll(30_000), "the beginning of the answer"
                readers.append(stuck)
            publish(publisher, 1000)  # the history holds others now
            assert len(reader.ask("E_BIG", last=100).events) >= 100
        # 64 MiB for all, 128 KiB for each of 160, and what the allocator keeps.
        grown = memory_bytes(broker.pid) - before
        assert grown < 150 * MIB, f"{grown / MIB:.0f} MiB"
        context.destroy(linger=0)
        wait_until(lambda: len(reader.ask("E_BIG", limit_bytes=16 * MIB).events) >= 500, what="a whole answer")


def test_readers_beyond_256_that_never_read_are_refused_while_others_are_answered(scene, dealers):
    broker, publisher, reader = scene
    stuck = [dealers() for _ in range(250)]
    for socket in stuck:
        socket.send(question(1, limit_bytes=16 * MIB))
    for socket in stuck:
        assert socket.poll(30_000), "the beginning of the answer"
    assert is_answered(reader)
    more = [dealers() for _ in range(20)]
    for socket in more:
        socket.send(question(1, limit_bytes=16 * MIB))
    heads = [msgpack.unpackb(receive(socket)[0]) for socket in more]
    refused = [head for head in heads if head["k"] == "end"]
    assert len(refused) == 14 and all("256 readers" in head["reason"] for head in refused)
    publish(publisher, EVENTS, "E_LIVE")
    assert memory_bytes(broker.pid) < 200 * MIB
    for socket in stuck:
        socket.close(linger=0)
    wait_until(lambda: not reader.ask("E_BIG", last=5).end.get("reason"), what="room for an honest reader")
    assert is_answered(reader)
