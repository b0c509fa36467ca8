"""Questions to the history and the ends of their answers are what WIRE.md shows."""

import json
from pathlib import Path

import pytest

from zevi import wire
from zevi.replay_wire import End, Question, decode_end, decode_head

GOOD = json.loads((Path(__file__).resolve().parents[3] / "schema/vectors/good.json").read_text())


def frames(kind):
    return [(v["name"], v["fields"], bytes.fromhex(v["hex"])) for v in GOOD if v["kind"] == kind]


@pytest.mark.parametrize("name, fields, frame", frames("end"), ids=lambda v: v if isinstance(v, str) else "")
def test_every_end_is_understood(name, fields, frame):
    kind, number, read = decode_head(frame)
    end = decode_end(read)
    assert (kind, number, end.epoch) == ("end", fields.get("i", 0), fields["b"])
    assert end.next == fields.get("next", {}) and end.more == fields.get("more", False)
    assert [list(hole) for hole in end.gone] == fields.get("gone", [])
    assert end.ended == fields.get("ended")
    assert end.reason == fields.get("reason", "")


@pytest.mark.parametrize(
    "fields",
    [{"b": 0}, {}, {"b": 1, "more": 1}, {"b": 1, "next": []}, {"b": 1, "next": {"E_A": 0}}, {"b": 1, "next": {"E A": 1}},
     {"b": 1, "gone": {}}, {"b": 1, "gone": [["E_A", 1]]}, {"b": 1, "gone": [["E_A", 3, 2]]}, {"b": 1, "gone": [["", 1, 2]]},
     {"b": 1, "ended": []}, {"b": 1, "ended": {"E_A": -1}}, {"b": 1, "ended": {"E_A": 1 << 53}}, {"b": 1, "reason": 5}],
)  # fmt: skip
def test_a_broken_end_is_refused(fields):
    with pytest.raises(wire.WireError):
        decode_end(fields)


def test_what_the_ended_epoch_had_is_told_apart_from_an_unknown_one():
    assert decode_end({"b": 1}) == End(1, {}, gone=[])
    assert decode_end({"b": 1, "ended": {"E_A": 0}}).ended == {"E_A": 0}


def test_a_question_says_only_what_it_asks():
    assert wire.unpack(Question(["E_A"], last=0, epoch=7).encode(3)) == {
        "k": "replay", "i": 3, "t": ["E_A"], "last": 0, "limit_bytes": 4 << 20, "b": 7
    }  # fmt: skip
    assert wire.unpack(Question(["E_*"], {}).encode(4))["from"] == {}
