import sys
from pathlib import Path

_root = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(_root / "tests/support"), str(_root / "subscribers/python")]

from zevi_test.fixtures import *  # noqa: E402,F401,F403


def pytest_addoption(parser):
    parser.addoption("--build-dir", help="the Meson build directory (default: $ZEVI_BUILD_DIR)")
