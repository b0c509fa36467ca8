import sys
from pathlib import Path

import pytest

_here = Path(__file__).resolve().parent
_root = _here.parents[1]
sys.path[:0] = [str(_root / "tests/support"), str(_root / "subscribers/python"), str(_here)]

from zevi_fault.run import FaultRun  # noqa: E402
from zevi_test.fixtures import *  # noqa: E402,F401,F403


@pytest.fixture
def fault_run(build_dir, test_dir, runtime_dir, started_programs):
    """`fault_run(broker_options=[...])`: a run whose processes end with the test. One a test."""
    return lambda **how: FaultRun(build_dir, test_dir, runtime_dir, started_programs, **how)


def pytest_addoption(parser):
    parser.addoption("--build-dir", help="the Meson build directory (default: $ZEVI_BUILD_DIR)")
    parser.addoption("--long", action="store_true", help="run tests that have a longer form in that form")
