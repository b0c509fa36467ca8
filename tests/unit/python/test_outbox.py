"""Between publishing and sending: bounds, numbers, and what is sent again."""

import threading

import msgpack

from zevi import wire
from zevi.outbox import Outbox
from zevi.window import ResendWindow

ENTRY = wire.encode_entry(1, wire.pack_params({"x": b"x" * 100}))
WELCOME = wire.Welcome(1, 5, wire.WINDOW_BYTES, wire.EVENT_BYTES_MAX, wire.BATCH_BYTES_MAX, [("E_W", "written")])


def filled(window):
    """Headers of the batches that the window would send."""
    headers = []
    while (batch := window.next_to_send()) is not None:
        header, body = batch.frames()
        headers.append(msgpack.unpackb(header))
        assert len(msgpack.unpackb(body)) == headers[-1]["n"]
        window.sent()
    return [(h["t"], h["s"], h["p"], h["n"], h["d"]) for h in headers]


def test_events_are_grouped_by_topic_and_numbered_without_a_hole():
    outbox, window = Outbox(1 << 20, 0), ResendWindow()
    for name in ("E_A", "E_B", "E_A", "E_A"):
        assert outbox.put(outbox.topic(name), ENTRY)
    outbox.take_batches(1 << 20, window)
    assert filled(window) == [("E_A", 1, 1, 3, 0), ("E_B", 2, 1, 1, 0)]
    outbox.put(outbox.topic("E_A"), ENTRY)
    outbox.take_batches(1 << 20, window)
    assert filled(window) == [("E_A", 3, 4, 1, 0)]


def test_the_event_behind_a_drop_begins_a_batch_that_carries_it():
    outbox, window = Outbox(3 * len(ENTRY), 0), ResendWindow()
    topic = outbox.topic("E_A")
    assert [outbox.put(topic, ENTRY) for _ in range(5)] == [True, True, True, False, False]
    outbox.take_batches(len(ENTRY), window)
    assert outbox.put(topic, ENTRY)
    outbox.take_batches(1 << 20, window)
    assert filled(window) == [("E_A", 1, 1, 1, 0), ("E_A", 2, 2, 2, 0), ("E_A", 3, 6, 1, 2)]
    assert outbox.dropped_count == 2
    assert outbox.drops_to_tell() == {}, "the batch has told it"


def test_a_beat_tells_drops_that_no_event_carries_and_the_next_event_counts_on():
    outbox, window = Outbox(3 * len(ENTRY), 0), ResendWindow()
    topic = outbox.topic("E_A")
    outbox.put(topic, ENTRY)
    outbox.drop(topic)
    assert outbox.drops_to_tell() == {}, "an event of the topic waits: the drop comes behind it"
    outbox.take_batches(1 << 20, window)
    assert outbox.drops_to_tell() == {"E_A": 1}
    assert outbox.drops_to_tell() == {}
    outbox.forget_telling()
    assert outbox.drops_to_tell() == {"E_A": 1}
    outbox.put(topic, ENTRY)
    outbox.take_batches(1 << 20, window)
    assert filled(window) == [("E_A", 1, 1, 1, 0), ("E_A", 2, 3, 1, 1)]


def test_waiting_for_room_ends_when_there_is_some():
    outbox, window = Outbox(len(ENTRY), 30), ResendWindow()
    topic = outbox.topic("E_A")
    outbox.put(topic, ENTRY)
    results = []
    waiter = threading.Thread(target=lambda: results.append(outbox.put(topic, ENTRY)))
    waiter.start()
    while not results:
        outbox.take_batches(1 << 20, window)
    waiter.join()
    assert results == [True] and outbox.dropped_count == 0


def test_a_large_load_is_cut_into_batches_below_the_limit():
    outbox, window = Outbox(1 << 24, 0), ResendWindow()
    topic = outbox.topic("E_A")
    for _ in range(5000):
        outbox.put(topic, ENTRY)
    outbox.take_batches(1 << 24, window)
    sizes = []
    while (batch := window.next_to_send()) is not None:
        sizes.append(len(batch.frames()[1]))
        window.sent()
    assert len(sizes) > 3 and max(sizes) <= wire.BATCH_BYTES_MAX


def test_topics_end_at_the_limit():
    outbox = Outbox(1 << 20, 0)
    assert all(outbox.topic(f"E_{i}") for i in range(wire.PUBLISHER_TOPICS_MAX))
    assert outbox.topic("E_MORE") is None
    assert outbox.topic("E_0") is not None


def test_interest_decides_about_topics_seen_before_and_after_it():
    outbox = Outbox(1 << 20, 0)
    early = outbox.topic("E_A")
    assert early.wanted
    outbox.set_interest(wire.Interest(1, ["E_B"], []))
    assert not early.wanted and outbox.topic("E_B").wanted and not outbox.topic("E_C").wanted
    outbox.set_interest(None)
    assert early.wanted and outbox.topic("E_C").wanted


def window_of(*topics):
    outbox, window = Outbox(1 << 20, 0), ResendWindow()
    for topic in topics:
        outbox.put(outbox.topic(topic), ENTRY)
        outbox.take_batches(1 << 20, window)
    return window


def test_an_acknowledgement_releases_from_the_lowest_number_on():
    window = window_of("E_A", "E_A", "E_A")
    assert window.lowest_s == 1 and window.next_s == 4
    assert [b.s for b in window.release(wire.Ack(2, 0, 0), WELCOME)] == [1, 2]
    assert window.lowest_s == 3 and window.events() == 1
    assert window.release(wire.Ack(1, 0, 0), WELCOME) == []
    assert [b.s for b in window.release(wire.Ack(99, 0, 0), WELCOME)] == [3]
    assert window.lowest_s == window.next_s == 4 and window.bytes == 0


def test_a_batch_waits_for_the_level_of_its_topic_and_holds_those_behind_it():
    window = window_of("E_A", "E_W", "E_A")
    assert [b.s for b in window.release(wire.Ack(3, 0, 0), WELCOME)] == [1]
    assert [b.s for b in window.release(wire.Ack(3, 2, 0), WELCOME)] == [2, 3]


def test_after_a_rewind_the_same_bytes_are_sent_from_the_lowest_on():
    window = window_of("E_A", "E_B", "E_A")
    before = [window.find(s).frames() for s in (2, 3)]
    assert [s for _, s, *_ in filled(window)] == [1, 2, 3]
    window.release(wire.Ack(1, 0, 0), WELCOME)
    window.rewind()
    assert [s for _, s, *_ in filled(window)] == [2, 3]
    assert [window.find(s).frames() for s in (2, 3)] == before
    assert window.find(1) is None and window.find(4) is None


def test_what_was_acknowledged_before_it_was_sent_again_is_not_sent():
    window = window_of("E_A", "E_A", "E_A")
    filled(window)
    window.rewind()
    window.release(wire.Ack(2, 0, 0), WELCOME)
    assert [s for _, s, *_ in filled(window)] == [3]
