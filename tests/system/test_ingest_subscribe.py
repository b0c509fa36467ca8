"""`zevi ingest --subscribe`: OpenSIPS is asked for events, asked again, and told when it is over."""

import json
import socket

import pytest

from zevi_test.opensips_mi import OpensipsMi
from zevi_test.raw_subscriber import RawSubscriber
from zevi_test.waiting import wait_until


@pytest.fixture(params=["unix", "udp", "fifo"])
def mi(request, test_dir):
    path = f"{request.param}:{test_dir}/mi" if request.param != "udp" else "udp"
    with OpensipsMi(path) as opensips:
        yield opensips


def test_events_are_asked_for_renewed_and_given_back(zevid, run_program, test_dir, mi):
    broker = zevid()
    path = f"{test_dir}/o.sock"
    program = run_program(
        "zevi-ingest", "--datagram", f"unix:{path}", "--subscribe", "E_CORE_LOG,E_SCRIPT_MSG", "--mi", mi.address,
        "--mi-reply-dir", test_dir, "--expire", "3s",
    )  # fmt: skip
    program.wait_for_stderr(f"sends 2 events to unix:{path}")
    wait_until(lambda: len(mi.asked("E_SCRIPT_MSG")) >= 3, what="the subscription to be renewed twice")
    for event in ("E_CORE_LOG", "E_SCRIPT_MSG"):
        assert mi.asked(event)[0] == {"event": event, "socket": f"unix:{path}", "expire": 3}

    with RawSubscriber(broker.stream) as subscriber, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as opensips:
        opensips.sendto(b'{"jsonrpc":"2.0","method":"E_CORE_LOG","params":{"message":"x"}}', path)
        assert subscriber.event().params == {"message": "x"}

    assert program.stop() == 0
    for event in ("E_CORE_LOG", "E_SCRIPT_MSG"):
        assert [call["expire"] for call in mi.asked(event)][-1] == 0
    assert "warning" not in program.stderr
    assert sorted(p.name for p in test_dir.iterdir() if p.is_socket() or p.is_fifo()) in ([], ["mi"])


def test_an_opensips_that_restarts_is_asked_again(run_program, test_dir):
    address = f"unix:{test_dir}/mi"
    program = run_program(
        "zevi-ingest", "--stream", "tcp:0.0.0.0:0", "--subscribe", "E_CORE_LOG", "--mi", address, "--mi-reply-dir", test_dir,
        "--expire", "3s",
    )  # fmt: skip
    program.wait_for_stderr(f"OpenSIPS at {address}: No such file or directory")
    for _ in range(2):
        with OpensipsMi(address) as opensips:
            wait_until(lambda: opensips.asked("E_CORE_LOG"), what="to be asked")
            assert opensips.asked("E_CORE_LOG")[0]["socket"].startswith("tcp:127.0.0.1:")
        wait_until(lambda: not (test_dir / "mi").exists())
    assert program.stop() == 0


def test_an_event_that_opensips_does_not_know_is_named_and_the_others_are_taken(run_program, test_dir):
    with OpensipsMi(f"unix:{test_dir}/mi") as opensips:
        program = run_program(
            "zevi-ingest", "--datagram", "udp:127.0.0.1:0", "--subscribe", "E_NONE", "--subscribe", "E_CORE_LOG",
            "--mi", opensips.address, "--mi-reply-dir", test_dir,
        )  # fmt: skip
        line = program.wait_for_stderr("refuses event_subscribe")
        assert "E_NONE" in line and "Bad parameter value" in line
        wait_until(lambda: opensips.asked("E_CORE_LOG"), what="the other event to be asked for")
        assert json.dumps(opensips.asked("E_CORE_LOG")[0]).count("udp:127.0.0.1:") == 1
        assert program.stop() == 0


def test_the_socket_for_opensips_can_be_told(run_program, test_dir):
    with OpensipsMi("udp") as opensips:
        program = run_program(
            "zevi-ingest", "--datagram", "udp:127.0.0.1:0", "--subscribe", "E_CORE_LOG", "--mi", opensips.address,
            "--subscribe-socket", "udp:192.0.2.7:9000",
        )  # fmt: skip
        wait_until(lambda: opensips.asked("E_CORE_LOG"), what="to be asked")
        assert opensips.asked("E_CORE_LOG")[0]["socket"] == "udp:192.0.2.7:9000"
        assert program.stop() == 0
