"""The golden messages of schema/vectors, read by a msgpack library that is not ours."""

import json
import pathlib

import msgpack
import pytest

VECTORS = pathlib.Path(__file__).resolve().parents[2] / "schema" / "vectors"


def load(name):
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def bytes_of(hex_parts):
    if isinstance(hex_parts, str):
        return bytes.fromhex(hex_parts)
    return b"".join(
        bytes.fromhex(part) if isinstance(part, str) else bytes.fromhex(part["repeat"]) * part["times"]
        for part in hex_parts
    )


def as_json(value):
    """A msgpack value in the notation of the vectors: bin is {"$hex": digits}."""
    if isinstance(value, bytes):
        return {"$hex": value.hex()}
    if isinstance(value, list):
        return [as_json(element) for element in value]
    if isinstance(value, dict):
        return {
            "$hex:" + key.hex() if isinstance(key, bytes) else key: as_json(inner) for key, inner in value.items()
        }
    return value


def expanded(value):
    if isinstance(value, dict) and "repeat" in value:
        return [value["repeat"]] * value["times"]
    return value


def agrees(expected, actual, unknown):
    """With `unknown`, the bytes may hold keys and elements that the fields do not name."""
    if isinstance(expected, dict):
        return (
            isinstance(actual, dict)
            and (unknown or len(expected) == len(actual))
            and all(key in actual and agrees(inner, actual[key], unknown) for key, inner in expected.items())
        )
    if isinstance(expected, list):
        return (
            isinstance(actual, list)
            and (len(actual) >= len(expected) if unknown else len(actual) == len(expected))
            and all(agrees(inner, other, unknown) for inner, other in zip(expected, actual))
        )
    return type(expected) is type(actual) and expected == actual


def named(vectors):
    return [pytest.param(vector, id=vector["name"]) for vector in vectors]


@pytest.mark.parametrize("vector", named(load("good.json")))
def test_good_vector_reads_as_its_fields(vector):
    raw = bytes_of(vector["hex"])
    if not vector.get("unpacks", True):
        with pytest.raises(ValueError):
            msgpack.unpackb(raw)
        return
    value = as_json(msgpack.unpackb(raw))
    fields = vector["fields"]
    if vector["kind"] == "body":
        assert len(value) == fields["n"]
        assert "entries" not in fields or agrees(fields["entries"], value, False)
        return
    if vector["kind"] == "params":
        assert agrees(fields["params"], value, False)
        return
    kind = value.pop("k", None)
    assert kind in (vector["kind"], None) or vector["kind"] == "unknown"
    missing = vector.get("missing", [])
    assert not set(missing) & set(value)
    present = {key: expanded(inner) for key, inner in fields.items() if key not in missing}
    assert agrees(present, value, vector.get("unknown", False))


@pytest.mark.parametrize("vector", named(load("broken.json")))
def test_broken_vector_breaks_msgpack_itself_only_where_it_says_so(vector):
    raw = bytes_of(vector["hex"])
    if vector["unpacks"]:
        msgpack.unpackb(raw)
        return
    with pytest.raises((ValueError, msgpack.UnpackException)):
        msgpack.unpackb(raw)
