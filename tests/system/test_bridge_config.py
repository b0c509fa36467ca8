"""`zevi bridge --config`: several bridges in one process."""

import shutil

import pytest

from bridge_bus import numbers_in, publish_numbers
from test_service import Manager
from zevi_test import wait_until


def section(name, directory, topic, *more):
    return "\n".join(
        [f"[{name}]", "direction = to", f"url = file://{directory}/{topic}.ndjson", f"topic = {topic}", "from = start", *more, ""]
    )


@pytest.fixture
def config(test_dir):
    return test_dir / "bridges.conf"


@pytest.fixture
def run_bridges(run_program, config, test_dir):
    def run(*sections, **environment):
        config.write_text("\n".join(sections))
        return run_program(
            "zevi-bridge", "--config", config, env={"STATE_DIRECTORY": str(test_dir / "state"), **environment}
        )  # fmt: skip

    return run


def test_the_bridges_of_a_file_run_side_by_side_each_with_a_cursor_and_words_of_its_own(zevid, run_bridges, test_dir):
    broker = zevid()
    publish_numbers(broker, "E_A", range(3))
    publish_numbers(broker, "E_B", range(5))
    sections = [section("first", test_dir, "E_A"), section("second", test_dir, "E_B", "max-age = 1h  # and no more")]
    bridges = run_bridges(*sections)
    wait_until(lambda: len(numbers_in(test_dir / "E_A.ndjson")) == 3 and len(numbers_in(test_dir / "E_B.ndjson")) == 5)
    assert bridges.stop() == 0
    assert "[first] read 3, acknowledged 3" in bridges.stderr
    assert "[second] read 5, acknowledged 5" in bridges.stderr
    publish_numbers(broker, "E_B", range(5, 7))
    bridges = run_bridges(*sections)
    wait_until(lambda: numbers_in(test_dir / "E_B.ndjson") == list(range(7)))
    assert bridges.stop() == 0
    assert "[first] read 0, acknowledged 0" in bridges.stderr


def test_bridges_that_end_by_themselves_end_the_process(zevid, run_bridges, test_dir):
    publish_numbers(zevid(), "E_A", range(3))
    bridges = run_bridges(*(section(topic, test_dir, topic, "no-follow = on", "no-cursor = on") for topic in ("E_A", "E_B")))
    assert bridges.wait() == 0
    assert numbers_in(test_dir / "E_A.ndjson") == [0, 1, 2]


def test_a_bridge_that_fails_is_started_again_and_the_others_go_on(zevid, run_bridges, test_dir):
    broker = zevid()
    state = test_dir / "of_first"
    state.mkdir()
    bridges = run_bridges(section("first", test_dir, "E_A", f"cursor = {state}/cursor"), section("second", test_dir, "E_B"))
    publish_numbers(broker, "E_A", range(3))
    wait_until(lambda: len(numbers_in(test_dir / "E_A.ndjson")) == 3)
    wait_until(lambda: (state / "cursor").exists())
    shutil.rmtree(state)
    publish_numbers(broker, "E_A", range(3, 5))
    bridges.wait_for_stderr("[first] cannot")
    bridges.wait_for_stderr("it is started again in 1 s")
    publish_numbers(broker, "E_B", range(4))
    wait_until(lambda: numbers_in(test_dir / "E_B.ndjson") == list(range(4)))
    state.mkdir()
    publish_numbers(broker, "E_A", range(5, 7))
    wait_until(lambda: numbers_in(test_dir / "E_A.ndjson")[-1:] == [6])
    assert set(numbers_in(test_dir / "E_A.ndjson")) == set(range(7))
    assert bridges.stop() == 0


def test_systemd_is_told_of_begin_and_end(zevid, run_bridges, test_dir):
    zevid()
    manager = Manager(str(test_dir / "notify"))
    bridges = run_bridges(section("first", test_dir, "E_A"), NOTIFY_SOCKET=str(test_dir / "notify"))
    assert manager.next() == "READY=1"
    assert bridges.stop() == 0
    assert manager.next() == "STOPPING=1"


ENDS = "direction = to\nurl = file:///tmp/a.ndjson\n"
WRONG = {
    "": "there is no section, which begins with [NAME]",
    "topic = E_A\n[a]\n": ":1: unknown option 'topic', before the first section, which begins with [NAME]",
    f"[a]\n{ENDS}topic = E_A\nmetrics = 9464\n": ":5: 'metrics' is for the whole file: it stands before the first section",
    f"metrics = 9464\nmetrics = 9465\n[a]\n{ENDS}topic = E_A\n": ":2: ",
    "[a b]\n": ":1: a section begins with [NAME]",
    f"[a]\n{ENDS}topic = E_A\n[a]\n": ":5: there is a section [a] already",
    "[a]\nurl = file:///tmp/a\n": ":1: [a]: say direction = to, or from",
    "[a]\ndirection = to\n": ":1: [a]: no URL given",
    f"[a]\n{ENDS}": ":1: [a]: no --topic given",
    f"# a comment\n[a]\n{ENDS}topc = E_A\n": ":5: unknown option 'topc'; did you mean --topic?",
    f"[a]\n{ENDS}topic = E_A\ntls = yes\n": ":5: 'tls' is on or off, not 'yes'",
    f"[a]\n{ENDS}topic = E_A\ndry-run = on\n": ":5: 'dry-run' is for the command line alone",
    f"[a]\n{ENDS}topic = E_A\nwindow = many\n": ":5: ",
    f"[a]\n{ENDS}topic = E_A\nset = keep=some\n": "[a]: --set keep is a number",
    "[a]\ndirection = to\nurl = file:///tmp/{where}\ntopic = E_A\n": "[a]: ",
    "[a]\ndirection = to\nurl = nowhere://a\ntopic = E_A\n": "[a]: ",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_in_the_file_is_told_by_its_place(run_program, config, test_dir, text):
    config.write_text(text)
    for option in ("--config", "--check-config"):
        program = run_program("zevi-bridge", option, config, env={"STATE_DIRECTORY": str(test_dir / "state")})
        assert program.wait() == 78
        assert f"error: {config}" in program.stderr and WRONG[text] in program.stderr, program.stderr


def test_a_file_is_checked_without_being_run(run_program, config, test_dir):
    config.write_text(section("a", test_dir, "E_A") + f"[b]\ndirection = from\nurl = mqtt://127.0.0.1\nsubject = a/#\ntls = off\n")
    program = run_program("zevi-bridge", "--check-config", config, env={"STATE_DIRECTORY": str(test_dir / "state")})
    assert program.wait() == 0, program.stderr
    assert program.stdout == f"{config}: ok\n"
    assert not (test_dir / "E_A.ndjson").exists()


def test_the_command_line_has_either_a_file_or_a_bridge(run_program, config, test_dir):
    config.write_text(section("a", test_dir, "E_A"))
    program = run_program("zevi-bridge", "--config", config, "--topic", "E_B")
    assert program.wait() == 2
    assert "with --config, 'topic' belongs into the file" in program.stderr
