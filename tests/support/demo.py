#!/usr/bin/python3
"""`./dev run`: a broker, `zevi ingest` and `zevi sub`, with the recorded events of an OpenSIPS server going through."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from play_capture import connect, play, read_recording
from zevi_test.programs import Program, die_with_parent, find_program
from zevi_test.zevid import Zevid

#: How long the last events may take from the player to the subscriber's terminal.
_arrival_seconds = 10.0
#: Without the recorded pace, the player waits when so many events are not shown yet.
_ahead_max = 1000


class ShownSubscriber:
    """`zevi sub '*'`, whose lines are passed to standard output and counted."""

    def __init__(self, build_dir: Path, runtime_dir: Path) -> None:
        color = "always" if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else "never"
        self._process = subprocess.Popen(
            [
                find_program(build_dir, "zevi-sub"), "*", "--verbose", "--output", "text", "--color", color,
                "--runtime-dir", runtime_dir,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )  # fmt: skip
        self.received = 0
        self.shown = True  #: false once nobody reads standard output any more
        self.reports: List[str] = []
        self._live = threading.Event()
        self._threads = [threading.Thread(target=f, daemon=True) for f in (self._pass_lines, self._read_reports)]
        for thread in self._threads:
            thread.start()

    def wait_live(self) -> None:
        if not self._live.wait(30) or self._process.poll() is not None:
            raise RuntimeError("zevi sub does not come up; it said: " + " ".join(self.reports))

    def runs(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait()
        for thread in self._threads:
            thread.join()

    def _pass_lines(self) -> None:
        assert self._process.stdout is not None
        while piece := os.read(self._process.stdout.fileno(), 1 << 16):
            if self.shown:
                try:
                    _write_all(sys.stdout.fileno(), piece)
                except BrokenPipeError:
                    self.shown = False
            self.received += piece.count(b"\n")

    def _read_reports(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            text = line.decode(errors="replace").rstrip()
            if "subscribed" in text and not self._live.is_set():
                self._live.set()
            else:
                self.reports.append(text)
        self._live.set()


class Stopped(Exception):
    """Nobody wants to see more."""


class Demo:
    def __init__(self, build_dir: Path) -> None:
        self._build_dir = build_dir
        self._stop = threading.Event()
        self._dir = Path(tempfile.mkdtemp(prefix="zevi-run-"))
        self._programs: List[Program] = []
        self._sent = 0

    def stop(self, *_: object) -> None:
        """Handler of signals: the first lets what is under way arrive, the second does not wait for it."""
        if self._stop.is_set():
            raise KeyboardInterrupt
        self._stop.set()

    def run(self, once: bool, at_recorded_pace: bool) -> int:
        runtime_dir = self._dir / "run"
        socket_path = self._dir / "opensips.sock"
        try:
            self._programs.append(Zevid(self._build_dir, runtime_dir, self._dir))
            self._programs.append(
                Program(
                    [
                        find_program(self._build_dir, "zevi-ingest"), "--datagram", f"unix:{socket_path}",
                        "--runtime-dir", runtime_dir,
                    ],
                    self._dir,
                )
            )  # fmt: skip
            self._programs[-1].wait_for_stderr("listening at")
            self._subscriber = ShownSubscriber(self._build_dir, runtime_dir)
            try:
                self._subscriber.wait_live()
                seconds = self._play(f"unix:{socket_path}", once, at_recorded_pace)
            finally:
                self._subscriber.stop()
            return self._sum_up(seconds)
        finally:
            self._end()

    def _goes_on(self) -> bool:
        return not self._stop.is_set() and self._subscriber.shown and self._subscriber.runs()

    def _play(self, address: str, once: bool, at_recorded_pace: bool) -> float:
        datagrams = read_recording()
        begin = time.monotonic()
        with connect(address) as connection:

            def send(payload: bytes) -> None:
                while not at_recorded_pace and self._sent - self._subscriber.received > _ahead_max and self._goes_on():
                    time.sleep(0.001)
                if not self._goes_on():
                    raise Stopped
                connection.send(payload)
                self._sent += 1

            try:
                play(datagrams, send, at_recorded_pace, self._stop.wait)
                while not once:
                    play(datagrams, send, at_recorded_pace, self._stop.wait)
            except Stopped:
                pass
        seconds = time.monotonic() - begin
        end = time.monotonic() + _arrival_seconds
        while self._subscriber.received < self._sent and time.monotonic() < end:
            time.sleep(0.02)
        return seconds

    def _sum_up(self, seconds: float) -> int:
        received = self._subscriber.received
        lost = self._sent - received
        sys.stdout.flush()
        print(f"\nsent      {self._sent} events of a recorded OpenSIPS server, in {seconds:.1f} s", file=sys.stderr)
        print(f"received  {received}", file=sys.stderr)
        print(f"lost      {lost}", file=sys.stderr)
        if lost == 0:
            return 0
        for report in self._subscriber.reports:
            print(f"  {report}", file=sys.stderr)
        for program in self._programs:
            print("".join(f"  {line}\n" for line in program.stderr.splitlines()), end="", file=sys.stderr)
        return 1

    def _end(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        faults = [fault for program in reversed(self._programs) for fault in program.end()]
        for fault in faults:
            print(f"dev: {fault}", file=sys.stderr)
        shutil.rmtree(self._dir, ignore_errors=True)


def _write_all(descriptor: int, piece: bytes) -> None:
    while piece:
        piece = piece[os.write(descriptor, piece) :]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build-dir", type=Path, default=Path("build"), help="the Meson build directory")
    parser.add_argument("--once", action="store_true", help="stop at the end of the recording")
    parser.add_argument("--fast", action="store_true", help="as quickly as the events are shown")
    chosen = parser.parse_args()
    demo = Demo(chosen.build_dir.resolve())
    signal.signal(signal.SIGINT, demo.stop)
    signal.signal(signal.SIGTERM, demo.stop)
    try:
        return demo.run(chosen.once, not chosen.fast)
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # one line for whoever just wants to look
        print(f"dev: error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
