"""The example scripts, run as they are against the real broker."""

import json
import os
import shutil
from pathlib import Path

import pytest

from zevi_test import RawPublisher, wait_until

EXAMPLES = Path(__file__).resolve().parents[2] / "subscribers/examples"
NODE_MODULES = Path(os.environ.get("ZEVI_NODE_MODULES", EXAMPLES / "node_modules"))

PARAMS = {"level": 3, "message": "Grüße", "sec": 1776767469, "list": [1, 2.5, None, True]}


def check(broker, program, read_line):
    program.wait_for_stderr("ready:")
    with RawPublisher(broker.ingress).open() as publisher:
        assert publisher.wants("E_CORE_LOG") and not publisher.wants("E_OTHER")
        publisher.events("E_CORE_LOG", [PARAMS, {}])
        publisher.events("E_CORE_LOG2", [{"i": 1}])
        publisher.expect_ack(2)
    lines = program.wait_for_stdout_lines(3)
    events = [read_line(line) for line in lines]
    assert [(topic, params) for topic, params, _ in events] == [
        ("E_CORE_LOG", PARAMS),
        ("E_CORE_LOG", {}),
        ("E_CORE_LOG2", {"i": 1}),
    ]
    assert [meta["q"] for *_, meta in events] == [1, 2, 1]
    assert all(meta["src"] == "raw" and meta["pid"] == os.getpid() for *_, meta in events)


def test_the_python_script_prints_what_is_published(zevid, run_program):
    broker = zevid("--history", "none")
    program = run_program("/usr/bin/python3", EXAMPLES / "subscribe.py", "E_CORE_LOG")

    def read_line(line):
        topic, rest = line.split(" ", 1)
        params, meta = eval(f"[{rest.replace('} {', '}, {')}]", {"__builtins__": {}})
        return topic, params, meta

    check(broker, program, read_line)


def test_the_python_consumer_goes_on_where_it_was_and_says_what_it_missed(zevid, run_program, test_dir):
    broker = zevid()
    env = {"PYTHONPATH": str(EXAMPLES.parent / "python")}
    script = ("/usr/bin/python3", EXAMPLES / "consumer.py", test_dir / "cursor", "E_CORE_*")
    with RawPublisher(broker.ingress).open() as publisher:
        publisher.expect_ack(publisher.events("E_CORE_LOG", [{"i": 0}, {"i": 1}]))
        first = run_program(*script, env=env)
        assert first.wait_for_stdout_lines(2) == ["E_CORE_LOG {'i': 0}", "E_CORE_LOG {'i': 1}"]
        first.kill()
        publisher.expect_ack(publisher.events("E_CORE_LOG", [{"i": 2}]))
        second = run_program(*script, env=env)
        # What it was killed over may come again.
        wait_until(lambda: "{'i': 2}" in second.stdout, 10, lambda: second.stdout)
        assert "{'i': 0}" not in second.stdout
        broker.kill()
        zevid()
        second.wait_for_stderr("the broker began a new numbering")


def test_the_node_script_prints_what_is_published(zevid, run_program, test_dir):
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine")
    if not (NODE_MODULES / "zeromq").is_dir():
        pytest.skip(f"no zeromq in {NODE_MODULES}: run npm ci in {EXAMPLES}")
    # Node looks for modules beside the script.
    shutil.copy(EXAMPLES / "subscribe.mjs", test_dir)
    (test_dir / "node_modules").symlink_to(NODE_MODULES.resolve())
    broker = zevid("--history", "none")
    program = run_program(node, test_dir / "subscribe.mjs", "E_CORE_LOG")

    def read_line(line):
        topic, rest = line.split(" ", 1)
        params, end = json.JSONDecoder().raw_decode(rest)
        return topic, params, json.loads(rest[end:])

    check(broker, program, read_line)
