"""A consumer that is started again goes on where it was."""

import json

import pytest

from zevi.confirmation import Confirmation
from zevi.cursor import Cursor
from zevi.errors import Error
from zevi.event import EpochChanged, Event, Lost
from zevi.ledger import Ledger
from zevi.reader import Reached


def event(topic, q, p, id=5, epoch=7):
    return Event(topic, q, 0, {}, id=id, p=p, epoch=epoch)


def test_what_was_saved_is_read_again(tmp_path):
    path = str(tmp_path / "cursor")
    cursor = Cursor(path)
    assert cursor.is_new
    cursor.note(event("E_A", 4, 40))
    cursor.note(event("E_B", 1, 1, id=6))
    cursor.note(Lost("E_A", 3, "after broker", 5, 7))
    cursor.save()
    again = Cursor(path)
    assert not again.is_new
    assert (again.epoch, again.next) == (7, {"E_A": 8, "E_B": 2})
    assert again.publishers == {"E_A": {5: 40}, "E_B": {6: 1}}


def test_numbers_of_an_ended_epoch_are_forgotten_and_those_of_publishers_are_not(tmp_path):
    cursor = Cursor(str(tmp_path / "cursor"))
    cursor.note(event("E_A", 4, 40))
    cursor.note(EpochChanged(7, 8))
    assert (cursor.epoch, cursor.next, cursor.publishers) == (8, {}, {"E_A": {5: 40}})
    assert cursor.before == {"E_A": {5}}


def test_an_event_that_comes_late_does_not_bring_its_epoch_back(tmp_path):
    cursor = Cursor(str(tmp_path / "cursor"))
    cursor.note(event("E_A", 4, 40))
    cursor.note(Reached(8, {"E_A": 1}))
    cursor.note(EpochChanged(7, 8))
    cursor.note(event("E_A", 5, 41, epoch=7))
    assert (cursor.epoch, cursor.next, cursor.publishers) == (8, {"E_A": 1}, {"E_A": {5: 41}})


def test_a_reader_goes_on_with_all_that_the_cursor_noted(tmp_path):
    path = str(tmp_path / "cursor")
    cursor = Cursor(path)
    cursor.note(Reached(7, {"E_A": 4, "E_SILENT": 9}, is_all=True))
    cursor.note(Reached(7, {}, {"E_A": 2}))
    cursor.note(Lost("E_A", 3, "before broker"))
    cursor.note(event("E_A", 4, 40))
    cursor.save()
    ledger = Ledger()
    Cursor(path).restore(ledger)
    assert ledger.epoch == 7
    assert ledger.positions() == {"E_A": 5, "E_SILENT": 9}
    assert ledger.topic("E_A").enter(5, 1, 7).lost_before == 2, "two more than the five that were told"
    assert ledger.topic("E_NEW").next_q == 1
    assert ledger.topic("E_A").publishers.take(5, 40, 2, 0.0).repeats == 1


def test_nothing_is_known_of_topics_that_were_not_asked_for_before(tmp_path):
    path = str(tmp_path / "cursor")
    cursor = Cursor(path, ["E_A"])
    cursor.note(Reached(7, {"E_A": 4}, is_all=True))
    cursor.save()
    assert Cursor(path, ["E_A"]).knows_all
    ledger = Ledger()
    Cursor(path, ["E_*"]).restore(ledger)
    assert ledger.positions() == {"E_A": 4}
    assert ledger.topic("E_B").next_q == 0


def test_a_publisher_that_was_not_heard_in_this_epoch_yet_is_known_after_a_restart(tmp_path):
    path = str(tmp_path / "cursor")
    cursor = Cursor(path)
    cursor.note(event("E_A", 4, 40))
    cursor.note(event("E_A", 5, 10, id=6))
    cursor.note(EpochChanged(7, 8))
    cursor.note(event("E_A", 1, 12, id=6, epoch=8))
    cursor.save()
    ledger = Ledger()
    Cursor(path).restore(ledger)
    publishers = ledger.topic("E_A").publishers
    assert publishers.take(5, 43, 1, 0.0) == (0, 41, 42)
    assert publishers.take(6, 15, 1, 0.0) == (0, 0, 0)


def test_where_a_consumer_begins_is_saved_before_anything_is_confirmed(tmp_path):
    path = str(tmp_path / "cursor")
    confirmation = Confirmation(Cursor(path), by_reading=False)
    confirmation.note(Reached(7, {"E_A": 4}, is_all=True))
    assert Cursor(path).next == {"E_A": 4}
    confirmation.note(event("E_A", 4, 40))
    confirmation.note(Reached(7, {"E_A": 5}))
    assert Cursor(path).next == {"E_A": 4}
    confirmation.confirm()
    assert Cursor(path).next == {"E_A": 5}


def test_what_is_not_saved_leaves_the_file_as_it_was(tmp_path):
    path = str(tmp_path / "cursor")
    cursor = Cursor(path)
    cursor.note(event("E_A", 4, 40))
    cursor.save()
    cursor.note(event("E_A", 5, 41))
    assert Cursor(path).next == {"E_A": 5}


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"version": 2}', '{"version": 1, "epoch": -1, "next": {}, "publishers": {}}',
     '{"version": 1, "epoch": 1, "next": {"E A": 1}, "publishers": {}}',
     '{"version": 1, "epoch": 1, "next": [], "publishers": {}}',
     '{"version": 1, "epoch": 1, "next": {}, "publishers": {"E_A": {"x": 1}}}'],
)  # fmt: skip
def test_a_file_that_is_no_cursor_is_refused_and_not_touched(tmp_path, content):
    path = tmp_path / "cursor"
    path.write_text(content)
    with pytest.raises(Error, match="cannot use the cursor"):
        Cursor(str(path))
    assert path.read_text() == content


def test_a_cursor_that_cannot_be_written_says_why(tmp_path):
    cursor = Cursor(str(tmp_path / "no" / "cursor"))
    cursor.note(event("E_A", 1, 1))
    with pytest.raises(Error, match="cannot write the cursor"):
        cursor.save()


def test_the_publishers_that_were_silent_for_longest_are_forgotten_first(tmp_path):
    path = str(tmp_path / "cursor")
    cursor = Cursor(path)
    for id in range(1, 10_002):
        cursor.note(event("E_A", id, 1, id=id))
    cursor.note(event("E_A", 20_000, 2, id=2))
    cursor.save()
    kept = json.loads((tmp_path / "cursor").read_text())["publishers"]["E_A"]
    assert len(kept) == 10_000 and "1" not in kept and kept["2"] == 2
