"""`zevi bridge to`: its options, what it says, and what it does when something is wrong."""

from __future__ import annotations

import json
import time
from functools import partial

from bridge_bus import check_wrong_command_lines, numbers_in, publish_numbers
from zevi_test import RawPublisher, wait_until


def test_a_dry_run_shows_what_would_be_sent_and_keeps_no_cursor(zevid, run_program, test_dir):
    publish_numbers(zevid(), "E_A", range(3))
    program = run_program(
        "zevi-bridge", "to", f"file://{test_dir}/{{topic}}.ndjson", "--topic", "E_A", "--last", 1, "--no-follow",
        "--dry-run", "--name", "here", env={"STATE_DIRECTORY": str(test_dir / "state")},
    )  # fmt: skip
    assert program.wait() == 0
    where, *headers, payload = program.stdout.strip().splitlines()
    assert where == f"{test_dir}/E_A.ndjson"
    assert "Zevi-Q: 3" in headers and "Zevi-Origin: here" in headers
    assert json.loads(payload)["params"] == {"n": 2}
    assert not (test_dir / "state").exists() and not (test_dir / "E_A.ndjson").exists()


def test_without_a_cursor_option_it_has_one_of_its_own_for_bus_and_topics(zevid, run_program, test_dir):
    broker = zevid()
    publish_numbers(broker, "E_A", range(3))
    state = {"STATE_DIRECTORY": str(test_dir / "state")}

    def bridge(topic):
        program = run_program(
            "zevi-bridge", "to", f"file://{test_dir}/{{topic}}.ndjson", "--topic", topic, "--from", "start", "--no-follow",
            env=state,
        )  # fmt: skip
        assert program.wait() == 0, program.stderr
        return program.stderr

    assert "read 3, acknowledged 3" in bridge("E_A")
    assert "read 0, acknowledged 0" in bridge("E_A")
    publish_numbers(broker, "E_B", range(2))
    assert "read 2, acknowledged 2" in bridge("E_B")
    assert len(list((test_dir / "state").glob("*.cursor"))) == 2


def test_two_bridges_do_not_share_a_cursor(zevid, run_program, test_dir):
    zevid()
    arguments = ("to", f"file://{test_dir}/a.ndjson", "--topic", "E_A", "--cursor", test_dir / "cursor")
    run_program("zevi-bridge", *arguments).wait_for_stderr("connected to")
    second = run_program("zevi-bridge", *arguments)
    assert second.wait() == 1
    assert "another bridge uses the cursor" in second.stderr


def test_events_that_are_too_old_are_left_out_and_counted(zevid, run_program, test_dir):
    broker = zevid()
    publish_numbers(broker, "E_A", range(3), time_ns=time.time_ns() - 3600 * 10**9)
    publish_numbers(broker, "E_A", range(3, 5))
    program = run_program(
        "zevi-bridge", "to", f"file://{test_dir}/a.ndjson", "--topic", "E_A", "--from", "start", "--no-follow",
        "--max-age", "30m", "--cursor", test_dir / "cursor",
    )  # fmt: skip
    assert program.wait() == 0
    assert numbers_in(test_dir / "a.ndjson") == [3, 4]
    assert "read 5, acknowledged 2, resent 0, refused 0, expired 3" in program.stderr


def test_what_fell_out_of_the_history_while_it_was_away_is_told_by_number(zevid, run_program, test_dir):
    broker = zevid("--history", "*=200events")
    arguments = ("to", f"file://{test_dir}/a.ndjson", "--topic", "E_A", "--from", "start", "--cursor", test_dir / "cursor")
    publish_numbers(broker, "E_A", range(10))
    assert run_program("zevi-bridge", *arguments, "--no-follow").wait() == 0
    for begin in range(10, 1010, 100):
        publish_numbers(broker, "E_A", range(begin, begin + 100))
    program = run_program("zevi-bridge", *arguments, "--no-follow")
    assert program.wait() == 0
    found = numbers_in(test_dir / "a.ndjson")
    gone = list(range(10, found[10]))
    assert gone and found == [n for n in range(1010) if n not in gone]
    assert f"lost {len(gone)} events of E_A (q 11..{gone[-1] + 1})" in program.stderr
    assert f"lost {len(gone)}, lost_before 0" in program.stderr


def test_a_full_disk_holds_events_back_until_there_is_room(zevid, run_program, test_dir, small_disk):
    broker = zevid("--history", "*=1GB")
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * (24 * 2**20 - 200_000))
    with RawPublisher(broker.ingress) as publisher:
        publisher.open()
        s = [publisher.events("E_A", [{"n": n, "text": "x" * 2000}]) for n in range(1000)]
        publisher.expect_ack(s[-1])
    path = small_disk / "a.ndjson"
    program = run_program(
        "zevi-bridge", "to", f"file://{path}", "--topic", "E_A", "--from", "start", "--cursor", test_dir / "cursor"
    )
    program.wait_for_stderr("No space left on device")
    filler.unlink()
    wait_until(lambda: path.read_bytes().count(b"\n") == 1000, what="all events")
    program.wait_for_stderr("connected again")
    assert program.stop() == 0
    assert numbers_in(path) == list(range(1000))


def test_a_command_that_ends_is_started_again_and_reads_what_it_had_not_answered(zevid, run_program, test_dir):
    broker = zevid()
    publish_numbers(broker, "E_A", range(50))
    out = test_dir / "out"
    # Answers ten lines, takes a few more, and is gone.
    command = f"head -n 10 | tee -a {out}"
    program = run_program(
        "zevi-bridge", "to", f"exec:{command}", "--topic", "E_A", "--from", "start", "--no-follow", "--no-cursor",
        "--window", 15, "--set", "acknowledge=lines", "--set", "end-within=0s",
    )  # fmt: skip
    assert program.wait() == 0
    assert numbers_in(out)[:50] == list(range(50))
    assert "ended with exit status 0; trying again" in program.stderr
    assert "read 50, acknowledged 50" in program.stderr


def test_a_command_reads_all_that_was_sent_before_the_bridge_ends(zevid, run_program, test_dir):
    publish_numbers(zevid(), "E_A", range(200))
    program = run_program(
        "zevi-bridge", "to", f"exec:while read line; do echo $line >> {test_dir}/out; done", "--topic", "E_A",
        "--from", "start", "--no-follow", "--no-cursor",
    )  # fmt: skip
    assert program.wait() == 0
    assert numbers_in(test_dir / "out") == list(range(200))


def test_a_password_is_never_taken_from_the_command_line_nor_shown(run_program, test_dir):
    program = run_program("zevi-bridge", "to", "file://me:secret@h/a", "--topic", "E_A")
    assert program.wait() == 2
    assert "secret" not in program.stderr and "--password-file" in program.stderr
    by_environment = run_program("zevi-bridge", "to", "--topic", "E_A", env={"ZEVI_BRIDGE_URL": "file://me:secret@h/a"})
    assert by_environment.wait() == 2
    assert "secret" not in by_environment.stderr


def test_a_wrong_command_line_is_told_in_a_line(run_program):
    wrong = {
        (): "say which way: zevi bridge to URL",
        ("to",): "no URL given",
        ("to", "exec:cat"): "no --topic given",
        ("to", "smoke:x", "--topic", "E_A"): "this build has no bus 'smoke'; it has",
        ("to", "exec:cat", "--topic", "E A"): "E A",
        ("to", "file:///tmp/{day}", "--topic", "E_A"): "there is no {day} to fill in",
        ("to", "file://a", "--topic", "E_A"): "a file is given with its whole path",
        ("to", "exec:cat", "--topic", "E_A", "--payload", "msgpack"): "exec takes lines of json alone",
        ("to", "exec:cat", "--topic", "E_A", "--set", "end-withn=1s"): "did you mean 'end-within'?",
        ("to", "exec:cat", "--topic", "E_A", "--set", "end-within=long"): "--set end-within is a duration",
        ("to", "exec:cat", "--topic", "E_A", "--subject", "a"): "exec has no subject",
        ("to", "exec:cat", "--topic", "E_A", "--window", "0"): "--window is a number from 1",
        ("to", "exec:cat", "--topic", "E_A", "--tls-cert", "/dev/null"): "--tls-cert and --tls-key go together",
        ("to", "exec:cat", "--topic", "E_A", "--no-cursor", "--no-follow"): "say which with --from",
    }
    check_wrong_command_lines(partial(run_program, "zevi-bridge"), wrong)


def test_what_was_read_but_not_answered_comes_again_after_a_kill(zevid, run_program, test_dir):
    publish_numbers(zevid(), "E_A", range(50))
    cursor = ("--topic", "E_A", "--from", "start", "--cursor", test_dir / "cursor", "--set", "acknowledge=lines")
    silent = run_program("zevi-bridge", "to", f"exec:sed -u 10q; cat > {test_dir}/read", *cursor)
    wait_until(lambda: numbers_in(test_dir / "read") == list(range(10, 50)), what="the command to read all")
    time.sleep(0.5)  # time to move the cursor, were it to move
    silent.kill()
    again = run_program("zevi-bridge", "to", f"exec:sed -u 'w {test_dir}/out'", *cursor, "--no-follow")
    assert again.wait() == 0
    assert set(range(10, 50)) <= set(numbers_in(test_dir / "out"))
