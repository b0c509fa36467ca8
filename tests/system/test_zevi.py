"""The command `zevi`: it finds the programs called zevi-NAME and becomes the one that was asked for."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest
from zevi_test.completion import assert_is_read_by, offered_by_bash


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def test_help_lists_the_commands_with_a_line_about_each(run_zevi):
    program = run_zevi("help")
    assert program.wait() == 0
    line = next(line for line in program.stdout.splitlines() if line.startswith("  sub "))
    assert line.split(None, 1)[1] == "Prints events as they come, one a line"
    assert run_zevi("--help").wait() == 0


def test_without_a_command_it_shows_its_help_as_an_error(run_zevi):
    program = run_zevi()
    assert program.wait() == 2
    assert program.stdout == ""
    assert "Usage: zevi COMMAND" in program.stderr


def test_help_of_a_command_is_what_the_command_says(run_zevi):
    asked, said = run_zevi("help", "sub"), run_zevi("sub", "--help")
    assert asked.wait() == said.wait() == 0
    assert asked.stdout == said.stdout
    assert asked.stdout.startswith("Usage: zevi sub ")


def test_it_says_its_version(run_zevi):
    program = run_zevi("--version")
    assert program.wait() == 0
    assert program.stdout.startswith("zevi ")


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["sbu"], "there is no command 'sbu'; did you mean 'sub'?"),
        (["help", "sbu"], "did you mean 'sub'?"),
        (["wombat"], "there is no command 'wombat'"),
        (["--wombat"], "unknown option '--wombat'"),
    ],
)
def test_what_it_does_not_know_is_refused_with_a_suggestion(run_zevi, arguments, words):
    program = run_zevi(*arguments)
    assert program.wait() == 2
    assert words in program.stderr
    assert program.stderr.count("\n") == 1


def test_a_program_on_the_path_is_a_command_and_is_not_run_for_the_list(run_program, test_dir):
    marker = test_dir / "was-run"
    hello = script(test_dir / "bin/zevi-hello", f'touch {marker}\nprintf "%s\\n" "$@"\nexit 7\n')
    env = {"PATH": f"{hello.parent}:/usr/bin:/bin"}
    listed = run_program("zevi", "help", env=env)
    assert listed.wait() == 0
    assert str(hello) in listed.stdout
    assert not marker.exists()
    program = run_program("zevi", "hello", "a b", "--help", "", env=env)
    assert program.wait() == 7
    assert program.stdout == "a b\n--help\n\n"


def test_a_signal_reaches_the_command_itself(run_program, zevid):
    zevid()
    program = run_program("zevi", "sub", "*", "-v")
    program.wait_for_stderr("subscribed")
    program.send_signal(signal.SIGINT)
    assert program.wait() == 130


def complete(find, words: str) -> list:
    """What bash offers behind these words."""
    folder = find("zevi").parent
    path = {"PATH": f"{folder}:/usr/bin:/bin"}
    return offered_by_bash(folder / "completion/zevi.bash", "_zevi", words.split(" "), env=path)


def test_bash_completes_commands_options_and_topics(find, run_zevi):
    assert complete(find, "zevi su") == ["sub", "subscriptions"]
    assert complete(find, "zevi help su") == ["sub", "subscriptions"]
    assert complete(find, "zevi sub E_CORE_LO") == ["E_CORE_LOG"]
    assert complete(find, "zevi sub --output j") == ["json"]
    program = run_zevi("sub", "--help")
    assert program.wait() == 0
    assert set(complete(find, "zevi sub --")) == set(re.findall(r"--[a-z-]+(?= |\n)", options_of(program.stdout)))


@pytest.mark.parametrize("command", ["status", "topics", "publishers", "subscriptions", "check"])
def test_bash_completes_the_options_of_commands_that_ask_the_broker(find, run_zevi, command):
    program = run_zevi(command, "--help")
    assert program.wait() == 0
    assert set(complete(find, f"zevi {command} --")) == set(re.findall(r"--[a-z-]+(?= |\n)", options_of(program.stdout)))


def options_of(text: str) -> str:
    """The lines of a help text that begin with an option, up to its description."""
    return "\n".join(line[:25] + " " for line in text.splitlines() if line.startswith("  -"))


@pytest.mark.parametrize("shell, file", [("zsh", "_zevi"), ("fish", "zevi.fish")])
def test_the_completion_of_other_shells_is_read_without_complaint(find, shell, file):
    path = find("zevi").parent / "completion" / file
    assert_is_read_by(shell, path)
    assert "E_CORE_LOG" in path.read_text()
