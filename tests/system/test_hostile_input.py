"""What no publisher or subscriber would send is refused and counted, and costs the others nothing."""

import socket
import struct
import time

import msgpack
import pytest

from zevi_test import RawPublisher, RawSubscriber, wait_until
from zevi_test.raw_publisher import body, pack


def entry(params: bytes) -> bytes:
    return b"\xdd\x00\x00\x00\x01\x92\x01" + params


#: Bodies of one event, each broken in a way of its own.
BROKEN_BODIES = {
    "empty": b"",
    "not an array": b"\x80",
    "a short array head": b"\x91\x92\x01\x80",
    "a count that is too high": b"\xdd\x00\x00\x00\x02\x92\x01\x80",
    "a count of 2^32 - 1": b"\xdd\xff\xff\xff\xff\x92\x01\x80",
    "truncated": entry(b"\x81\xa1a"),
    "bytes behind the end": entry(b"\x80\x80"),
    "an entry that is no pair": b"\xdd\x00\x00\x00\x01\x93\x01\x80\x80",
    "a time that is text": b"\xdd\x00\x00\x00\x01\x92\xa11\x80",
    "a time of 2^64 - 1": b"\xdd\x00\x00\x00\x01\x92\xcf" + b"\xff" * 8 + b"\x80",
    "params that are an array": entry(b"\x90"),
    "a map of 2^32 - 1 pairs": entry(b"\xdf\xff\xff\xff\xff"),
    "an array of 2^32 - 1": entry(b"\x81\xa1a\xdd\xff\xff\xff\xff"),
    "text of 4 GiB": entry(b"\x81\xa1a\xdb\xff\xff\xff\xff"),
    "nested 10,000 deep": entry(b"\x81\xa1a" + b"\x91" * 10_000 + b"\xc0"),
    "nested 17 deep": entry(b"\x81\xa1a" + b"\x91" * 16 + b"\xc0"),
    "an event above 64 KiB": entry(pack({"a": b"x" * 65_536})),
    "a body above 256 KiB": entry(pack({"a": b"x" * 300_000})),
    "a key that is a number": entry(b"\x81\x01\x02"),
    "str that is not UTF-8": entry(b"\x81\xa1a\xa2\xc3\x28"),
    "an extension type": entry(b"\x81\xa1a\xd4\xff\x00"),
    "the byte that msgpack never uses": entry(b"\x81\xa1a\xc1"),
}

#: Headers that are none, or that are outside the limits.
BROKEN_HEADERS = {
    "empty": b"",
    "no msgpack": b"\xc1",
    "an array": b"\x93\x01\x02\x03",
    "a map of 2^32 - 1 pairs": b"\xdf\xff\xff\xff\xff",
    "no kind": pack({"t": "T"}),
    "a kind that is a number": pack({"k": 1}),
    "a key that is a number": pack({1: "hello"}),
    "a hello above 16 KiB": pack({"x": "x" * 20_000, "k": "hello", "v": [1, 1], "id": 5}),
    "bytes behind the end": pack({"k": "beat", "g": 1, "d": {}}) + b"\x00",
    "a hello without id": pack({"k": "hello", "v": [1, 1]}),
    "a hello with id 0": pack({"k": "hello", "v": [1, 1], "id": 0}),
    "a hello with an id of 2^53": pack({"k": "hello", "v": [1, 1], "id": 1 << 53}),
    "a hello whose version is no range": pack({"k": "hello", "v": 1, "id": 5}),
    "drops of a topic with spaces": pack({"k": "beat", "g": 1, "d": {"no topic": 1}}),
}


@pytest.fixture
def scene(zevid):
    """A broker with an honest subscriber and an honest publisher."""
    broker = zevid()
    with RawSubscriber(broker.stream, ["T"]) as subscriber, RawPublisher(broker.ingress, "honest").open() as publisher:
        publisher.wait_wanted("T")
        yield broker, subscriber, publisher


def test_every_kind_of_broken_body_is_refused_with_a_reason_and_the_next_batch_is_taken(scene):
    broker, subscriber, honest = scene
    with RawPublisher(broker.ingress, "hostile").open() as hostile:
        for number, (name, frame) in enumerate(BROKEN_BODIES.items(), 1):
            s = hostile.events("T", [{}], body=frame)
            reject = hostile.expect("reject")
            assert reject["s"] == s and reject["t"] == "T" and reject["n"] == 1 and reject["reason"], name
            hostile.expect_ack(s)
            honest.events("T", [{"i": number}])
            event = subscriber.events(1)[0]
            assert event.params == {"i": number} and event.q == number
            assert event.lost_before_broker == number, "a refused event is one that subscribers know to be lost"
    counters = broker.stopped_counters()
    assert counters["batches_invalid"] == counters["events_invalid"] == len(BROKEN_BODIES)
    assert counters["events_received"] == len(BROKEN_BODIES)


def test_topics_outside_the_alphabet_or_of_the_broker_are_refused(scene):
    broker, subscriber, honest = scene
    topics = ["no topic", "", "T" * 129, "~ready.1", "E_ZEVI_DROPPED", "T*", "T\x00", "T\n"]
    with RawPublisher(broker.ingress, "hostile").open() as hostile:
        for topic in topics:
            s = hostile.events(topic, [{}])
            assert hostile.expect("reject")["s"] == s, topic
        s = hostile.events("T", [{"last": True}])
        hostile.expect_ack(s)
    assert subscriber.events(1)[0].params == {"last": True}
    assert broker.stopped_counters()["batches_invalid"] == len(topics)


def test_frames_that_are_no_message_are_counted_and_the_connection_goes_on(scene):
    broker, subscriber, honest = scene
    with RawPublisher(broker.ingress, "hostile").open() as hostile:
        for frame in BROKEN_HEADERS.values():
            hostile.send_frames(frame)
        beat = pack({"k": "beat", "g": 1, "d": {}})
        hostile.send_frames(beat, beat)
        hostile.send_frames(pack({"k": "events", "t": "T", "s": 1, "p": 1, "n": 1, "d": 0}))
        hostile.send_frames(*[beat] * 10_000)
        hostile.send_frames(pack({"k": "a kind of version 9", "x": [1, {"y": 2}]}))
        s = hostile.events("T", [{"after": "all of it"}])
        hostile.expect_ack(s)
    assert subscriber.events(1)[0].params == {"after": "all of it"}
    assert broker.stopped_counters()["frames_refused"] == len(BROKEN_HEADERS) + 3


def test_the_log_has_one_line_a_second_at_most_for_a_flood_of_bad_batches(scene):
    broker, subscriber, honest = scene
    with RawPublisher(broker.ingress, "hostile").open() as hostile:
        began = time.monotonic()
        for _ in range(5_000):
            hostile.events("T", [{}], body=b"\xc1")
        while hostile.acked < 5_000:  # acknowledgements that were lost come again behind a beat
            hostile.beat()
            hostile.expect("ack")
        seconds = time.monotonic() - began
        honest.events("T", [{"i": 1}])
        assert subscriber.events(1)[0].lost_before_broker == 5_000
    lines = [text for text in broker.stderr.splitlines() if "refused a batch" in text]
    assert 1 <= len(lines) <= seconds + 2
    assert "hostile" in lines[0] and "pid" in lines[0]


def test_a_message_of_100_mb_costs_its_sender_the_connection_and_nobody_else(scene):
    broker, subscriber, honest = scene
    with RawPublisher(broker.ingress, "hostile").open() as hostile:
        hostile.events("T", [{}], body=bytes(100_000_000))
        for i in range(100):
            honest.events("T", [{"i": i}])
        assert [e.params["i"] for e in subscriber.events(100)] == list(range(100))
    assert broker.running()


def test_an_unknown_version_is_refused_in_words_and_a_range_that_holds_ours_is_welcome(scene):
    broker, _, _ = scene
    with RawPublisher(broker.ingress) as later:
        later.hello(v=[2, 9])
        reject = later.expect("reject")
        assert reject["s"] == 0 and "version" in reject["reason"]
        later.hello(v=[1, 9])
        assert later.expect("welcome")["v"] == 1


def test_a_routing_id_of_the_peers_own_is_refused(scene):
    broker, _, honest = scene
    with RawPublisher(broker.ingress) as peer:
        peer.socket.disconnect(broker.ingress)
        peer.socket.setsockopt(5, b"chosen")  # ZMQ_ROUTING_ID
        peer.socket.connect(broker.ingress)
        peer.hello()
        assert peer.receive(0.3) is None
    honest.events("T", [{}])
    honest.expect_ack(1)


def test_raw_bytes_on_each_socket_do_no_harm(scene):
    broker, subscriber, honest = scene
    for name in ("ingress", "stream", "events", "replay", "control"):
        for garbage in (b"", b"\x00" * 64, b"GET / HTTP/1.1\r\n\r\n", b"\xff" + b"\xff" * 9 + b"\x7f" * 100):
            with socket.socket(socket.AF_UNIX) as raw:
                raw.connect(str(broker.runtime_dir / name))
                raw.sendall(garbage)
    honest.events("T", [{"i": 1}])
    assert subscriber.events(1)[0].params == {"i": 1}


def test_subscriptions_that_are_no_topic_prefix_want_nothing(scene):
    broker, _, honest = scene
    with RawSubscriber(broker.stream, ["no topic", "\x00", "T" * 200]):
        assert honest.interest is not None
        while honest.receive(0.3) is not None:
            pass
        assert honest.interest["w"] == ["T"]
    assert broker.stopped_counters()["subscriptions_refused"] == 3


def test_a_subscriber_that_never_reads_slows_nobody(scene):
    broker, subscriber, honest = scene
    with RawSubscriber(broker.stream, ["T"], hwm=1) as stuck:
        sent = 0
        for _ in range(600):
            honest.events("T", [{"x": "y" * 50_000}] * 4)
            sent += 4
            while honest.acked < honest.next_s - 20:
                honest.expect("ack")
            for event in subscriber.events(4):
                assert event.lost_before_broker == 0
        assert stuck.socket.poll(0), "it was sent what fitted its queue"
    assert [subscriber.event(0)] == [None]


def test_a_publishers_lies_about_its_numbers_do_not_reach_other_topics(scene):
    broker, subscriber, honest = scene
    with RawPublisher(broker.ingress, "liar").open() as liar:
        liar.events("U", [{}], p=(1 << 53) - 10, d=0)
        liar.events("U", [{}], p=5, d=0)
        liar.expect_ack(2)
        honest.events("T", [{}])
        assert subscriber.events(1)[0].lost_before_broker == 0
