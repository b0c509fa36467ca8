"""Fixtures of the system tests. `conftest.py` imports them all."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Callable, Iterator, List, Mapping, Optional

import pytest

from .programs import Program, find_program, program_path
from .zevid import Zevid

__all__ = [
    "build_dir", "find", "needs_store", "run_program", "run_zevi", "runtime_dir", "small_disk", "started_programs",
    "test_dir", "zevid",
]


@pytest.fixture(scope="session")
def build_dir(pytestconfig: pytest.Config) -> Path:
    """The Meson build directory: `--build-dir`, else $ZEVI_BUILD_DIR."""
    chosen = pytestconfig.getoption("--build-dir") or os.environ.get("ZEVI_BUILD_DIR")
    if not chosen:
        pytest.fail("give --build-dir DIR or set ZEVI_BUILD_DIR to the Meson build directory", pytrace=False)
    return Path(chosen).resolve()


@pytest.fixture
def test_dir() -> Iterator[Path]:
    """A directory of the test's own with a path short enough for unix sockets, gone at its end."""
    path = Path(tempfile.mkdtemp(prefix="zevi-", dir="/tmp"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def runtime_dir(test_dir: Path) -> Path:
    """The runtime directory of the broker under test."""
    path = test_dir / "run"
    path.mkdir(mode=0o750)
    return path


@pytest.fixture
def started_programs() -> Iterator[List[Program]]:
    """All programs of the test, ended with it; fails it for what they leave behind."""
    programs: List[Program] = []
    yield programs
    faults = [fault for program in reversed(programs) for fault in program.end()]
    if faults:
        pytest.fail("\n".join(faults), pytrace=False)


@pytest.fixture
def find(build_dir: Path) -> Callable[[str], Path]:
    """`find(NAME)` gives the path of a program of the build."""
    return lambda name: find_program(build_dir, name)


@pytest.fixture
def run_program(
    build_dir: Path, test_dir: Path, runtime_dir: Path, started_programs: List[Program]
) -> Callable[..., Program]:
    """`run_program(NAME_OR_PATH, ARGUMENT..., env={}, stdin=...)` starts a program with $ZEVI_RUNTIME_DIR set and does
    not wait for it. A bare name is looked up in the build."""
    return program_runner(build_dir, test_dir, runtime_dir, started_programs)


def program_runner(build_dir: Path, log_dir: Path, runtime_dir: Path, started: List[Program]) -> Callable[..., Program]:
    def start(program: object, *arguments: object, env: Optional[Mapping[str, str]] = None, **how: object) -> Program:
        path = str(program) if "/" in str(program) else str(find_program(build_dir, str(program)))
        whole_env = {"ZEVI_RUNTIME_DIR": str(runtime_dir), "PATH": program_path(build_dir)}
        whole_env.update(env or {})
        program = Program([path, *arguments], log_dir, whole_env, **how)  # type: ignore[arg-type]
        started.append(program)
        return program

    return start


@pytest.fixture
def run_zevi(run_program: Callable[..., Program]) -> Callable[..., Program]:
    """`run_zevi("sub", "E_X", ...)` starts `zevi sub E_X ...` and does not wait for it."""
    return lambda *arguments, **how: run_program("zevi", *arguments, **how)


@pytest.fixture
def zevid(build_dir: Path, test_dir: Path, runtime_dir: Path, started_programs: List[Program]) -> Callable[..., Zevid]:
    """`zevid(OPTION..., runtime_dir=None, ready=True, env=None)` starts a broker on the runtime directory."""

    def start(
        *arguments: object,
        runtime_dir: Path = runtime_dir,
        ready: bool = True,
        env: Optional[Mapping[str, str]] = None,
    ) -> Zevid:
        broker = Zevid(build_dir, runtime_dir, test_dir, arguments, env, ready=False)
        started_programs.append(broker)
        if ready:
            broker.wait_ready()
        return broker

    return start


@pytest.fixture
def needs_store(run_program: Callable[..., Program], test_dir: Path) -> None:
    """Skips the test in a build without a store."""
    trial = run_program("zevid", "--store", test_dir / "none", "--store-size", "1")
    trial.wait()
    if "without RocksDB" in trial.stderr:
        pytest.skip("built without a store")


@pytest.fixture
def small_disk(test_dir: Path) -> Iterator[Path]:
    """A directory on a file system of 24 MiB."""
    place = test_dir / "disk"
    place.mkdir()
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)], capture_output=True
    )
    if not mounted or mounted.returncode != 0:
        pytest.skip("a small file system can only be mounted by root")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)
