"""`./dev run`: the recorded events of an OpenSIPS server go through a broker, an ingest and `zevi sub`."""

import signal
import sys
from pathlib import Path

import pytest

from zevi_test.waiting import wait_until

_demo = Path(__file__).resolve().parents[1] / "support/demo.py"


@pytest.fixture
def demo(run_program, build_dir, test_dir):
    """`demo(OPTION...)` starts it; its temporary files are in `test_dir/tmp`."""
    temporary = test_dir / "tmp"
    temporary.mkdir()

    def start(*options):
        return run_program(sys.executable, _demo, "--build-dir", build_dir, *options, env={"TMPDIR": str(temporary)})

    yield start
    assert not list(temporary.iterdir())


def test_once_shows_all_events_of_the_recording_and_sums_up(demo):
    program = demo("--once", "--fast")
    assert program.wait(90) == 0, program.stderr
    assert "sent      9329 events" in program.stderr
    assert "received  9329\nlost      0\n" in program.stderr
    assert program.stdout.count("\n") == 9329
    assert " E_CORE_LOG opensips[" in program.stdout


def test_ctrl_c_ends_it_and_all_that_it_started(demo):
    program = demo("--fast")
    wait_until(lambda: program.stdout.count("\n") > 100)
    program.send_signal(signal.SIGINT)
    assert program.wait() == 0, program.stderr
    assert "lost      0\n" in program.stderr
