"""The wire in Python against the golden messages that C++ is held to."""

import json
from pathlib import Path

import msgpack
import pytest

from zevi import wire

VECTORS = Path(__file__).resolve().parents[3] / "schema/vectors"


def hex_bytes(value):
    if isinstance(value, str):
        return bytes.fromhex(value)
    return b"".join(bytes.fromhex(v) if isinstance(v, str) else bytes.fromhex(v["repeat"]) * v["times"] for v in value)


def plain(value):
    """A vector's JSON with its marks for what JSON cannot say replaced."""
    if isinstance(value, dict):
        if set(value) == {"$hex"}:
            return bytes.fromhex(value["$hex"])
        if set(value) == {"repeat", "times"}:
            return [plain(value["repeat"])] * value["times"]
        return {bytes.fromhex(k[5:]) if k.startswith("$hex:") else k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


def vectors(file, *kinds):
    found = [v for v in json.loads((VECTORS / file).read_text()) if v["kind"] in kinds]
    assert found
    return [pytest.param(v, id=f"{v['kind']}: {v['name']}") for v in found]


def _ready_fields(ready):
    fields = {"b": ready.epoch, "at": ready.at, "unconfirmed": ready.unconfirmed}
    if ready.routes:
        fields["routes"] = [list(route) for route in ready.routes]
    if ready.route is not None:
        fields["route"] = ready.route
    return fields


ENCODERS = {
    "hello": lambda f: wire.encode_hello(f["src"], f["pid"], f["host"], f["id"], f["s"], f["g"]),
    "events": lambda f: wire.encode_events_header(f["t"], f["s"], f["p"], f["n"], f["d"], f["o"]),
    "beat": lambda f: wire.encode_beat(f["g"], f["d"]),
    "bye": lambda f: wire.encode_bye(f["s"], f["d"]),
    "body": lambda f: wire.encode_body([wire.encode_entry(t, wire.pack_params(p)) for t, p in f["entries"]]),
    "params": lambda f: wire.pack_params(f["params"]),
}


def writable_vectors():
    """Those that an encoder of version 1 writes, which uses the shortest forms."""
    for parameter in vectors("good.json", *ENCODERS):
        (vector,) = parameter.values
        if vector.get("canonical", True) and vector["fields"].get("v", [1, 1]) == [1, 1]:
            yield parameter


@pytest.mark.parametrize("vector", writable_vectors())
def test_what_a_publisher_writes_is_golden(vector):
    fields = plain(vector["fields"])
    assert ENCODERS[vector["kind"]](fields).hex() == hex_bytes(vector["hex"]).hex()


def limits_of(welcome):
    return {"event_bytes": welcome.event_bytes, "batch_bytes": welcome.batch_bytes}


DECODERS = {
    "welcome": (
        wire.decode_answer,
        lambda m: {
            "v": m.version,
            "id": m.id,
            "window_bytes": m.window_bytes,
            "limits": limits_of(m),
            "levels": [list(pair) for pair in m.levels],
        },
    ),
    "interest": (wire.decode_answer, lambda m: {"g": m.g, "w": m.wanted, "h": [list(pair) for pair in m.kept]}),
    "ack": (wire.decode_answer, lambda m: {name: value for name, value in vars(m).items() if name != "pace_us" or value}),
    "reject": (wire.decode_answer, lambda m: {"s": m.s, "t": m.topic, "n": m.n, "reason": m.reason}),
    "who": (wire.decode_answer, lambda m: {}),
    "unknown": (wire.decode_answer, lambda m: {}),
    "stream": (
        wire.decode_stream_header,
        lambda m: {
            "v": 1,
            "b": m.epoch,
            "q": m.q,
            "n": m.n,
            "at": m.at,
            "l": m.lost_before,
            "r": [[r.id, r.src, r.pid, r.p, r.count, r.host, r.origin] for r in m.runs],
        },
    ),
    "meta": (
        wire.decode_event_meta,
        lambda m: {
            "q": m.q,
            "p": m.p,
            "l": m.lost_before,
            "time": m.time_ns / 1e9,
            "time_ns": m.time_ns,
            "src": m.src,
            "host": m.host,
            "pid": m.pid,
            "id": m.id,
            "b": m.epoch,
        },
    ),
    "ready": (wire.decode_ready, _ready_fields),
    "params": (wire.decode_params, lambda m: {"params": m}),
}


@pytest.mark.parametrize("vector", vectors("good.json", *DECODERS))
def test_what_the_broker_says_is_understood(vector):
    decode, fields_of = DECODERS[vector["kind"]]
    expected = plain(vector.get("fields", {}))
    if "limits" in expected:
        expected["limits"].pop("nesting")
    assert fields_of(decode(hex_bytes(vector["hex"]))) == expected


@pytest.mark.parametrize("vector", vectors("good.json", "body"))
def test_every_body_is_understood(vector):
    fields = plain(vector["fields"])
    entries = wire.decode_body(hex_bytes(vector["hex"]), fields["n"])
    if "entries" in fields:
        assert entries == fields["entries"]


@pytest.mark.parametrize("vector", vectors("broken.json", *(set(DECODERS) - {"params", "who", "unknown"})))
def test_what_is_broken_is_refused(vector):
    with pytest.raises(wire.WireError):
        DECODERS[vector["kind"]][0](hex_bytes(vector["hex"]))


@pytest.mark.parametrize("vector", vectors("broken.json", "body", "params", "any"))
def test_what_the_broker_would_not_forward_raises_nothing_else(vector):
    frame = hex_bytes(vector["hex"])
    try:
        if vector["kind"] == "body":
            wire.decode_body(frame, vector.get("n", 1))
        elif vector["kind"] == "params":
            wire.decode_params(frame)
        else:
            wire.decode_answer(frame)
    except wire.WireError:
        return
    # What gets through is what the broker refuses for others' sake; it is harmless here.
    assert vector["error"] in {"nesting", "key", "extension", "event_too_large", "too_large", "head"}


def test_a_shortened_or_changed_frame_raises_nothing_else():
    for vector in json.loads((VECTORS / "good.json").read_text()):
        frame = hex_bytes(vector["hex"])
        if len(frame) > 600:
            continue
        for at in range(len(frame)):
            for changed in (frame[:at], frame[:at] + b"\xc1" + frame[at + 1 :], frame[:at] + b"\xdf" + frame[at + 1 :]):
                for decode in (
                    wire.decode_answer,
                    wire.decode_stream_header,
                    wire.decode_event_meta,
                    wire.decode_ready,
                    lambda f: wire.decode_body(f, 2),
                ):
                    try:
                        decode(changed)
                    except wire.WireError:
                        pass


def test_parameters_that_an_event_cannot_hold_are_refused():
    deep = {}
    for _ in range(16):
        deep = {"a": deep}
    for bad, error in [
        ([1], TypeError),
        ({"a": object()}, TypeError),
        ({"a": {1, 2}}, TypeError),
        ({1: "a"}, TypeError),
        ({"a": {2: 3}}, TypeError),
        ({"a": msgpack.Timestamp(1)}, TypeError),
        ({"a": 1 << 64}, ValueError),
        ({"a": -(1 << 63) - 1}, ValueError),
        (deep, ValueError),
    ]:
        with pytest.raises(error):
            wire.pack_params(bad)
    assert wire.pack_params(deep["a"])


def test_text_that_is_not_utf8_travels_as_bin():
    params = {b"\xffk".decode(errors="surrogateescape"): [b"\xff".decode(errors="surrogateescape"), "ok", "\ud800"]}
    assert msgpack.unpackb(wire.pack_params(params), strict_map_key=False) == {
        b"\xffk": [b"\xff", "ok", b"\xed\xa0\x80"]
    }


def test_the_longest_prefix_decides_about_history_and_any_subscriber_about_the_rest():
    interest = wire.Interest(1, ["E_A"], [("", True), ("E_P_", False), ("E_P_X", True)])
    assert [t for t in ("E_A1", "E_B", "E_P_1", "E_P_X1") if interest.wants(t)] == ["E_A1", "E_B", "E_P_X1"]
    assert not wire.Interest(1, [], []).wants("E_A")
    welcome = wire.Welcome(1, 1, 1, 1, 1, [("", "written"), ("E_A", "synced")])
    assert (welcome.level("E_A1"), welcome.level("E_B")) == ("synced", "written")
    assert wire.Welcome(1, 1, 1, 1, 1, []).level("E_B") == "memory"
