"""Starting, stopping and configuring the broker."""

import os
import re
import signal
import stat
import subprocess

import pytest

from zevi_test import RawPublisher, RawSubscriber
from zevi_test.completion import assert_is_read_by, offered_by_bash


def test_it_says_where_it_listens_when_it_is_ready(zevid):
    broker = zevid()
    line = broker.wait_for_stderr("zevid: ready")
    for name in ("ingress", "stream", "events"):
        assert f"{name} ipc://{broker.runtime_dir}/{name}" in line
    assert broker.sockets() == ["control", "events", "ingress", "replay", "stream"]
    for name in broker.sockets():
        assert stat.S_IMODE((broker.runtime_dir / name).stat().st_mode) == 0o660
    broker.stop_cleanly()


def test_a_second_broker_on_the_same_directory_fails_and_leaves_the_first_alone(zevid):
    first = zevid()
    with RawSubscriber(first.stream, ["T"]) as subscriber, RawPublisher(first.ingress).open() as publisher:
        second = zevid(ready=False)
        assert second.wait() == 1
        assert second.stderr.startswith("zevid: error: ")
        assert f"pid {first.pid}" in second.stderr and "--runtime-dir" in second.stderr
        publisher.wait_wanted("T")
        publisher.events("T", [{"i": 1}])
        assert subscriber.events(1)[0].params == {"i": 1}
    with RawSubscriber(first.stream, ["T"]):
        pass
    first.stop_cleanly()


def test_the_sockets_of_a_killed_broker_are_taken_over(zevid):
    first = zevid()
    first.kill()
    assert first.sockets() == ["control", "events", "ingress", "replay", "stream"]
    second = zevid()
    with RawSubscriber(second.stream, ["T"]) as subscriber, RawPublisher(second.ingress).open() as publisher:
        publisher.wait_wanted("T")
        publisher.events("T", [{"i": 1}])
        assert subscriber.events(1)[0].q == 1
    second.stop_cleanly()


def test_a_socket_that_another_program_listens_on_is_not_taken_away(zevid, test_dir):
    first = zevid()
    other = test_dir / "other"
    second = zevid("--ingress", first.ingress, runtime_dir=other, ready=False)
    assert second.wait() == 1
    assert f"cannot bind {first.ingress}: another program listens there" in second.stderr
    with RawPublisher(first.ingress) as publisher:
        publisher.open()


def test_sigterm_delivers_what_was_sent_before_it_and_exits_0(zevid):
    broker = zevid()
    with RawSubscriber(broker.stream, ["T"]) as subscriber, RawPublisher(broker.ingress).open() as publisher:
        publisher.wait_wanted("T")
        broker.pause()
        for i in range(200):
            publisher.events("T", [{"i": i, "text": "x" * 1000}])
        broker.send_signal(signal.SIGTERM)
        broker.resume()
        assert [e.params["i"] for e in subscriber.events(200)] == list(range(200))
        assert broker.wait() == 0


def test_a_signal_ends_it_while_it_is_idle(zevid):
    for number in (signal.SIGTERM, signal.SIGINT):
        broker = zevid()
        broker.send_signal(number)
        assert broker.wait() == 0
        assert "stopped:" in broker.stderr


def test_options_can_stand_in_a_file_and_the_command_line_goes_before_it(zevid, test_dir):
    config = test_dir / "zevid.conf"
    config.write_text(f"# a comment\nevents = ipc://{test_dir}/plain\nstream = ipc://{test_dir}/unused\n")
    broker = zevid("--config", config, "--stream", f"ipc://{test_dir}/batches")
    assert broker.events == f"ipc://{test_dir}/plain"
    assert broker.stream == f"ipc://{test_dir}/batches"


def test_a_wrong_option_in_the_file_is_named(zevid, test_dir):
    config = test_dir / "zevid.conf"
    config.write_text("interest-lingr = 2s\n")
    broker = zevid("--config", config, ready=False)
    assert broker.wait() == 78
    assert str(config) in broker.stderr and "interest-lingr" in broker.stderr and "--interest-linger" in broker.stderr


@pytest.mark.parametrize(
    "line, complaint",
    [
        ("interest-lingr = 2s", ":2: unknown option 'interest-lingr'; did you mean --interest-linger?"),
        ("interest-linger = 2", ":2: "),
        ("check-config = x", ":2: 'check-config' is for the command line alone"),
        ("interest-linger = 2h", ": interest-linger must be between"),
        ("history = E_CORE_=1KB", ": history"),
        ("notices = maybe", ": --notices is on or off"),
        ("ack = E_CORE_=written", ": ack: "),
    ],
)
def test_a_file_is_checked_without_starting_a_broker(run_program, test_dir, line, complaint):
    config = test_dir / "zevid.conf"
    config.write_text("events-queue = 1000\n")
    good = run_program("zevid", "--check-config", config)
    assert good.wait() == 0 and good.stdout == f"{config}: ok\n"
    config.write_text(f"events-queue = 1000\n{line}\n")
    bad = run_program("zevid", "--check-config", config)
    assert bad.wait() == 78 and bad.stdout == ""
    assert f"zevid: error: {config}{complaint}" in bad.stderr, bad.stderr
    assert bad.stderr.count("\n") == 1


def test_the_printed_configuration_is_a_file_that_says_the_same(run_program, test_dir):
    config = test_dir / "zevid.conf"
    config.write_text("history = E_CORE_=256MB,24h\nhistory = E_PROFILING_=none\ndrain = 250ms\n")
    shown = run_program("zevid", "--config", config, "--events-queue", "5", "--publisher-rate", "77", "--print-config")
    assert shown.wait() == 0, shown.stderr
    lines = shown.stdout.splitlines()
    for line in ("history = E_CORE_=256MB,24h", "history = E_PROFILING_=none", "drain = 250ms", "events-queue = 5", "publisher-rate = 77"):
        assert line in lines
    config.write_text(shown.stdout)
    again = run_program("zevid", "--config", config, "--print-config")
    assert again.wait() == 0 and again.stdout == shown.stdout
    checked = run_program("zevid", "--check-config", config)
    assert checked.wait() == 0, checked.stderr


def test_a_value_that_boost_would_replace_for_ever_is_refused(run_program, test_dir):
    wrong = run_program("zevid", "--events-queue", "%value%")
    assert wrong.wait() == 2 and "'%value%'" in wrong.stderr and "--events-queue" in wrong.stderr
    config = test_dir / "zevid.conf"
    for line in ("events-queue = %value%", "%invalid_line%", "%option%", "%original_token% = 1"):
        config.write_text(f"{line}\n")
        wrong = run_program("zevid", "--check-config", config)
        assert wrong.wait() == 78 and f"{config}:1: " in wrong.stderr, line


def test_wrong_usage_exits_2_and_names_the_option(zevid):
    for arguments, words in (
        (["--no-such-option"], "no-such-option"),
        (["--interest-linger", "2"], "interest-linger"),
        (["--subscriber-budget", "1XB"], "subscriber-budget"),
        (["--events-queue", "x"], "events-queue"),
        (["--notices", "maybe"], "--notices is on or off"),
        (["stray"], "stray"),
    ):
        broker = zevid(*arguments, ready=False)
        assert broker.wait() == 2, broker.stderr
        assert words in broker.stderr and "--help" in broker.stderr


def test_an_option_out_of_range_is_refused_before_anything_starts(zevid):
    broker = zevid("--interest-linger", "2h", ready=False)
    assert broker.wait() == 1
    assert "interest-linger must be between" in broker.stderr
    assert broker.sockets() == []


def test_a_directory_that_is_too_deep_for_a_socket_says_so(zevid, test_dir):
    deep = test_dir / ("d" * 120)
    broker = zevid(runtime_dir=deep, ready=False)
    assert broker.wait() == 1
    assert "107" in broker.stderr and "shorter" in broker.stderr


def test_help_and_version(run_program):
    shown = run_program("zevid", "--help")
    assert shown.wait() == 0
    for option in ("--runtime-dir", "--ingress", "--events", "--stream", "--config", "--version"):
        assert option in shown.stdout
    version = run_program("zevid", "--version")
    assert version.wait() == 0
    assert version.stdout.startswith("zevid ")


def test_the_directory_comes_from_the_environment_as_documented(run_program, test_dir):
    named = test_dir / "named"
    unit = test_dir / "unit"
    session = test_dir / "session"
    session.mkdir()
    cases = [
        ({"ZEVI_RUNTIME_DIR": str(named), "RUNTIME_DIRECTORY": str(unit)}, named),
        ({"ZEVI_RUNTIME_DIR": "", "RUNTIME_DIRECTORY": f"{unit}:/elsewhere"}, unit),
    ]
    if os.geteuid() != 0:
        cases.append(
            ({"ZEVI_RUNTIME_DIR": "", "RUNTIME_DIRECTORY": "", "XDG_RUNTIME_DIR": str(session)}, session / "zevi")
        )
    for env, expected in cases:
        broker = run_program("zevid", env=env)
        assert f"ipc://{expected}/ingress" in broker.wait_for_stderr("ready")
        assert broker.stop() == 0


def printed(*command) -> str:
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    assert run.stderr == ""
    return run.stdout


def test_bash_completes_every_option_and_what_stands_behind_it(find, tmp_path):
    (tmp_path / "zevid.conf").touch()
    (tmp_path / "sockets").mkdir()
    script = tmp_path / "completion"
    script.write_text(printed(find("zevid"), "--completion", "bash"))

    def complete(*words) -> set:
        return set(offered_by_bash(script, "_zevid", ["zevid", *words]))

    options = re.findall(r"^  (?:-\w \[ )?(--[a-z-]+)", printed(find("zevid"), "--help"), re.MULTILINE)
    assert complete("--") == set(options) > {"--runtime-dir", "--help"}
    assert complete("--config", f"{tmp_path}/z") == {f"{tmp_path}/zevid.conf"}
    assert complete("--runtime-dir", f"{tmp_path}/") == {f"{tmp_path}/sockets"}
    assert complete("--max-age", "") == set()


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_completion_of_another_shell_is_read_without_complaint(find, tmp_path, shell):
    script = tmp_path / "completion"
    script.write_text(printed(find("zevid"), "--completion", shell))
    assert_is_read_by(shell, script)
    assert "runtime-dir" in script.read_text()


def test_a_shell_that_it_knows_no_completion_for_is_refused(find):
    run = subprocess.run([find("zevid"), "--completion", "tcsh"], capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (2, "")
    assert "'tcsh'" in run.stderr and "bash, zsh or fish" in run.stderr
