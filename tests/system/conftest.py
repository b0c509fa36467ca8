import sys
from pathlib import Path

import pytest

_root = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(_root / "tests/support"), str(_root / "subscribers/python")]

import zevi  # noqa: E402
from bridge_side import Side  # noqa: E402
from zevi_test.fixtures import *  # noqa: E402,F401,F403


@pytest.fixture
def subscribe(runtime_dir):
    """Subscribers of the Python package that are closed at the end of the test, and that wait for 20 s at most."""
    opened = []

    def open_subscriber(*topics, **options):
        subscriber = zevi.subscribe(*topics, runtime_dir=str(runtime_dir), **{"timeout": 20, **options})
        opened.append(subscriber)
        return subscriber

    yield open_subscriber
    for subscriber in opened:
        subscriber.close()


@pytest.fixture
def bridge(run_program):
    """Starts a bridge of topic E_A from the beginning, without a cursor."""

    def start(url, *arguments, **how):
        return run_program("zevi-bridge", "to", url, "--topic", "E_A", "--from", "start", "--no-cursor", *arguments, **how)

    return start


@pytest.fixture
def side(test_dir, zevid, run_program):
    """`side(NAME)` is a machine with that name."""
    sides = []

    def make(name):
        sides.append(Side(name, test_dir, zevid, run_program))
        return sides[-1]

    yield make
    for one in sides:
        one.close()


@pytest.fixture
def finish_zevi(run_zevi):
    """`finish_zevi("check", OPTION...)` gives the exit code and what was printed."""

    def run(*arguments):
        program = run_zevi(*arguments)
        code = program.wait()
        return code, program.stdout

    return run


def pytest_addoption(parser):
    parser.addoption("--build-dir", help="the Meson build directory (default: $ZEVI_BUILD_DIR)")
