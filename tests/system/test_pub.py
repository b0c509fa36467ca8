"""`zevi pub`: events from the command line and from standard input."""

import json
import subprocess

from zevi_test.raw_subscriber import RawSubscriber


def test_parameters_arrive_with_their_types(zevid, run_program):
    broker = zevid()
    with RawSubscriber(broker.stream) as subscriber:
        program = run_program(
            "zevi-pub", "E_DOOR", "door=front", "code=007", "attempts=3", "open=true", "t=1.5", "who=null", "a b=c=d",
            'list:=[1,{"x":"y"}]', "--name", "door-watch",
        )  # fmt: skip
        assert program.wait() == 0
        assert program.stderr == program.stdout == ""
        event = subscriber.event()
        assert (event.topic, event.src) == ("E_DOOR", "door-watch")
        assert repr(event.params) == repr(
            {"door": "front", "code": "007", "attempts": 3, "open": True, "t": 1.5, "who": None, "a b": "c=d", "list": [1, {"x": "y"}]}
        )  # fmt: skip
        assert run_program("zevi-pub", "--string", "E_DOOR", "code=12", "empty=").wait() == 0
        assert subscriber.event().params == {"code": "12", "empty": ""}
        assert run_program("zevi-pub", "E_DOOR").wait() == 0
        assert subscriber.event().params == {}


def test_lines_of_json_are_one_event_each_and_a_bad_one_is_named(zevid, run_program):
    broker = zevid()
    with RawSubscriber(broker.events, plain=True) as subscriber:
        program = run_program("zevi-pub", "E_L", "--json", stdin=subprocess.PIPE)
        lines = [json.dumps({"n": n}) for n in range(1000)]
        lines[10:10] = ["not json", "", "[1]"]
        program.process.stdin.write("\n".join(lines).encode())
        program.process.stdin.close()
        assert program.wait() == 1
        assert "standard input, line 11: Invalid value" in program.stderr
        assert "standard input, line 13: not a JSON object" in program.stderr
        assert [e.params["n"] for e in subscriber.events(1000)] == list(range(1000))


def test_a_line_is_sent_without_waiting_for_the_next(zevid, run_program):
    broker = zevid()
    with RawSubscriber(broker.stream) as subscriber:
        program = run_program("zevi-pub", "E_L", "--json", stdin=subprocess.PIPE)
        for n in range(3):
            program.process.stdin.write(b'{"n":%d}\n' % n)
            program.process.stdin.flush()
            assert subscriber.event().params == {"n": n}
        program.process.stdin.close()
        assert program.wait() == 0


def test_without_a_broker_it_says_so_and_fails(run_program, runtime_dir):
    program = run_program("zevi-pub", "E_X", "a=1", "--timeout", "100ms")
    assert program.wait() == 1
    assert f"no broker at ipc://{runtime_dir}/ingress: nothing sent" in program.stderr


def test_an_event_that_nobody_wants_is_no_failure(zevid, run_program):
    zevid()
    assert run_program("zevi-pub", "E_X", "a=1").wait() == 0


def test_wrong_arguments_are_named(run_program):
    for arguments, code, message in [
        ([], 2, "which topic?"),
        (["E X"], 2, "'E X' is no topic"),
        (["E_ZEVI_X"], 2, "'E_ZEVI_X' is no topic"),
        (["E_X", "abc"], 1, "'abc' is no parameter: write name=value"),
        (["E_X", "a:=x"], 1, "'a:=x': the value is not JSON"),
        (["E_X", "--json", "a=1"], 2, "leave out 'a=1'"),
    ]:
        program = run_program("zevi-pub", *arguments)
        assert program.wait() == code
        assert message in program.stderr
    program = run_program("zevi-pub", "--help")
    assert program.wait() == 0
    assert "zevi pub E_DOOR_OPENED door=front code=007 attempts=3" in program.stdout
