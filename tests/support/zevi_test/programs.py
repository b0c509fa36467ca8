"""Starting the programs of the build and ending them again, whatever happens."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence

from .waiting import deadline_seconds, wait_until

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1

_SANITIZER_MARKS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:")


def die_with_parent() -> None:
    """For a child before its exec: it does not outlive the thread that started it, even if that is killed."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def find_program(build_dir: Path, name: str) -> Path:
    """The executable `name` somewhere in the Meson build directory."""
    for folder, subfolders, files in os.walk(build_dir):
        subfolders[:] = sorted(f for f in subfolders if not f.endswith(".p") and not f.startswith("meson-"))
        if name in files:
            path = Path(folder) / name
            if os.access(path, os.X_OK):
                return path
    raise FileNotFoundError(f"no program {name} in {build_dir}: build it first (ninja -C {build_dir})")


def program_path(build_dir: Path) -> str:
    """$PATH with every folder of the build that holds a zevi program in front."""
    folders: List[str] = []
    for folder, subfolders, files in os.walk(build_dir):
        subfolders[:] = sorted(f for f in subfolders if not f.endswith(".p") and not f.startswith("meson-"))
        if any(f.startswith("zevi") and os.access(os.path.join(folder, f), os.X_OK) for f in files):
            folders.append(folder)
    return os.pathsep.join(folders + [os.environ.get("PATH", "")])


def memory_bytes(pid: int, field: str = "VmRSS") -> int:
    """`VmRSS`, what a process holds now, or `VmHWM`, the most it ever held."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(f"no {field} of process {pid}")


class Program:
    """A running program, in a process group of its own, with what it writes kept in files.

    It dies with the process that runs the tests, even if that is killed.
    """

    def __init__(
        self,
        arguments: Sequence[object],
        log_dir: Path,
        env: Optional[Mapping[str, str]] = None,
        cwd: Optional[Path] = None,
        stdin: object = subprocess.DEVNULL,
    ) -> None:
        self.arguments = [str(a) for a in arguments]
        self.name = os.path.basename(self.arguments[0])
        number = len(list(log_dir.glob("*.stderr")))
        self.stdout_path = log_dir / f"{number:03}-{self.name}.stdout"
        self.stderr_path = log_dir / f"{number:03}-{self.name}.stderr"
        whole_env: Dict[str, str] = dict(os.environ)
        whole_env.update(env or {})
        with open(self.stdout_path, "wb") as out, open(self.stderr_path, "wb") as err:
            self.process = subprocess.Popen(
                self.arguments,
                stdin=stdin,  # type: ignore[arg-type]
                stdout=out,
                stderr=err,
                env=whole_env,
                cwd=cwd,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        self._sent: List[int] = []

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def stdout(self) -> str:
        """What it has written to standard output so far."""
        return self.stdout_path.read_text(errors="surrogateescape")

    @property
    def stderr(self) -> str:
        """What it has written to standard error so far."""
        return self.stderr_path.read_text(errors="surrogateescape")

    def running(self) -> bool:
        return self.process.poll() is None

    def send_signal(self, number: int) -> None:
        self._sent.append(number)
        self.process.send_signal(number)

    def pause(self) -> None:
        """SIGSTOP, for the children that it has forked too."""
        os.killpg(self.pid, signal.SIGSTOP)
        wait_until(lambda: _state(self.pid) in ("T", "Z", ""), what=f"{self.name} to be stopped")

    def resume(self) -> None:
        """SIGCONT, for all that `pause` stopped."""
        os.killpg(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL, and waits for the end."""
        self.send_signal(signal.SIGKILL)
        self.process.wait()

    def wait(self, deadline: float = deadline_seconds) -> int:
        """Its exit code, once it ends by itself."""
        try:
            return self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} still runs after {deadline} s; it said:\n{self.stderr}") from None

    def stop(self, deadline: float = deadline_seconds) -> int:
        """SIGTERM, and its exit code."""
        if self.running():
            self.send_signal(signal.SIGTERM)
        return self.wait(deadline)

    def wait_for_stderr(self, text: str, deadline: float = deadline_seconds) -> str:
        """Waits until standard error holds `text`; gives the line that does."""

        def line() -> Optional[str]:
            for candidate in self.stderr.splitlines():
                if text in candidate:
                    return candidate
            if not self.running():
                raise AssertionError(f"{self.name} ended ({self.process.returncode}) without {text!r}:\n{self.stderr}")
            return None

        found = wait_until(line, deadline, lambda: f"{text!r} from {self.name}, which said:\n{self.stderr}")
        assert found is not None
        return found

    def wait_for_stdout_lines(self, count: int, deadline: float = deadline_seconds) -> List[str]:
        """The first `count` whole lines of standard output, once they are there."""

        def enough() -> bool:
            return self.stdout.count("\n") >= count

        wait_until(enough, deadline, lambda: f"{count} lines of {self.name}, which wrote:\n{self.stdout}{self.stderr}")
        return self.stdout.splitlines()[:count]

    def end(self) -> List[str]:
        """Ends the program and all it started, and lists what was wrong: for the end of a test."""
        faults: List[str] = []
        if self.running():
            self.resume()
            self.process.terminate()
            self._sent.append(signal.SIGTERM)
            try:
                self.process.wait(deadline_seconds)
            except subprocess.TimeoutExpired:
                faults.append(f"{self.name} ignored SIGTERM")
                self.kill()
        code = self.process.returncode
        if code is not None and code < 0 and -code not in self._sent:
            faults.append(f"{self.name} died of signal {-code}")
        if self._group_lives():
            faults.append(f"{self.name} left processes behind: {_members(self.pid)}")
            os.killpg(self.pid, signal.SIGKILL)
        if any(mark in self.stderr for mark in _SANITIZER_MARKS):
            faults.append(f"{self.name} has a sanitizer's report")
        if faults:
            faults.append(f"{' '.join(self.arguments)} said:\n{self.stderr}")
        return faults

    def _group_lives(self) -> bool:
        """Children may need a moment to notice that their parent is gone."""
        end = time.monotonic() + 5
        while _members(self.pid):
            if time.monotonic() > end:
                return True
            time.sleep(0.01)
        return False


def _state(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[0]


def _members(group: int) -> List[int]:
    """The living processes of a process group."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(entry.name))
    return found
