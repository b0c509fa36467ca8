"""A run: a broker, workers and readers that are killed, stopped and started again, and the books of it all."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from zevi_test.programs import Program, find_program
from zevi_test.waiting import wait_until
from zevi_test.zevid import Zevid

from .audit import Report, audit
from .journal import Worker, read_worker
from .reader_log import Delivered, LogTail, read_stretches
from .timeline import Timeline

#: Whose `cursor_reader` reads along.
LIBRARIES = ("python", "c++")
_READER = Path(__file__).resolve().parents[1] / "cursor_reader.py"


class RunningWorker:
    """A `numbering_worker` with its journal and counters."""

    def __init__(self, run: "FaultRun", name: str, options: Sequence[object]) -> None:
        self.name = name
        self.journal = run.directory / f"{name}.journal"
        self.counters = run.directory / f"{name}.counters"
        self.away: List[List[int]] = []
        self.program = run.start_program(
            find_program(run.build_dir, "numbering_worker"), "-j", self.journal, "-c", self.counters, *options
        )

    def counts(self) -> Dict[str, int]:
        """What it said at its end."""
        return json.loads(self.program.stdout)

    def read(self, with_durations: bool = False) -> Worker:
        return read_worker(self.name, self.journal, self.counters, with_durations)


class RunningReader:
    """A `cursor_reader` of one of the libraries, over all its lives."""

    def __init__(self, name: str, directory: Path, library: str) -> None:
        self.name = name
        self.library = library
        self.log = directory / f"{name}.log"
        self.tail = LogTail(self.log)
        self.arguments = ["--cursor", directory / f"{name}.cursor", "--log", self.log, "E_FAULT_*"]
        self.program: Optional[Program] = None


class FaultRun:
    """Everything that is done to a process through it is on its timeline."""

    def __init__(
        self,
        build_dir: Path,
        directory: Path,
        runtime_dir: Path,
        programs: List[Program],
        topics: int = 4,
        broker_options: Sequence[object] = (),
    ) -> None:
        self.build_dir = build_dir
        self.directory = directory
        self.runtime_dir = runtime_dir
        self.timeline = Timeline()
        self.topics = topics
        self.broker_options = list(broker_options)
        self.broker_env: Dict[str, str] = {}
        self.broker: Optional[Zevid] = None
        self.workers: List[RunningWorker] = []
        self.readers: List[RunningReader] = []
        self._programs = programs

    def start_program(self, path: object, *arguments: object) -> Program:
        program = Program([path, *arguments], self.directory, {"ZEVI_RUNTIME_DIR": str(self.runtime_dir)})
        self._programs.append(program)
        return program

    # The broker

    def start_broker(self, ready: bool = True) -> Zevid:
        self.broker = Zevid(
            self.build_dir, self.runtime_dir, self.directory, self.broker_options, self.broker_env, ready=False
        )
        self._programs.append(self.broker)
        if ready:
            self.broker.wait_ready()
        self.timeline.end(self.timeline.broker_away)
        return self.broker

    def kill_broker(self) -> None:
        assert self.broker is not None
        self.timeline.begin(self.timeline.broker_away)
        self.broker.kill()
        self.timeline.note_broker_killed()

    def restart_broker(self) -> None:
        """SIGTERM, and the next one."""
        assert self.broker is not None
        self.timeline.begin(self.timeline.broker_away)
        self.broker.stop_cleanly()
        self.start_broker()

    def stop_broker(self) -> None:
        """SIGSTOP."""
        assert self.broker is not None
        self.timeline.begin(self.timeline.broker_away)
        self.broker.pause()

    def resume_broker(self) -> None:
        assert self.broker is not None
        self.broker.resume()
        self.timeline.end(self.timeline.broker_away)

    # Workers

    def start_worker(self, rate: int = 1000, events: Optional[int] = None, padding: int = 20) -> RunningWorker:
        options: List[object] = ["-t", self.topics, "-r", rate, "-b", padding]
        if events is not None:
            options += ["-n", events]
        worker = RunningWorker(self, f"worker-{len(self.workers)}", options)
        worker.program.wait_for_stderr("publishing")
        self.workers.append(worker)
        return worker

    def kill_worker(self, worker: RunningWorker) -> None:
        worker.program.kill()
        self.timeline.end(worker.away)

    def stop_worker(self, worker: RunningWorker) -> None:
        self.timeline.begin(worker.away)
        worker.program.pause()

    def resume_worker(self, worker: RunningWorker) -> None:
        worker.program.resume()
        self.timeline.end(worker.away)

    # Readers

    def start_readers(self) -> List[RunningReader]:
        """One of each library."""
        return [self.start_reader(library=library) for library in LIBRARIES]

    def start_reader(self, reader: Optional[RunningReader] = None, library: Optional[str] = None) -> RunningReader:
        """A new one, or the next life of one that was killed, which may go on with the other library."""
        if reader is None:
            library = library or LIBRARIES[0]
            reader = RunningReader(f"{library}-{len(self.readers)}", self.directory, library)
            self.readers.append(reader)
        reader.library = library or reader.library
        python = reader.library == "python"
        program = [sys.executable, _READER] if python else [find_program(self.build_dir, "cursor_reader")]
        reader.program = self.start_program(*program, *reader.arguments)
        reader.program.wait_for_stderr("reading")
        self.timeline.end(self._away(reader))
        return reader

    def kill_reader(self, reader: RunningReader) -> None:
        assert reader.program is not None
        self.timeline.begin(self._away(reader))
        reader.program.kill()

    def stop_reader(self, reader: RunningReader) -> None:
        assert reader.program is not None
        self.timeline.begin(self._away(reader))
        reader.program.pause()

    def resume_reader(self, reader: RunningReader) -> None:
        assert reader.program is not None
        reader.program.resume()
        self.timeline.end(self._away(reader))

    def _away(self, reader: RunningReader) -> List[List[int]]:
        return self.timeline.readers_away.setdefault(reader.name, [])

    def wait_events(self, count: int, deadline: float = 30) -> None:
        """Until every reader has logged `count` events more."""
        goals = {reader.name: reader.tail.events + count for reader in self.readers if reader.tail.read() is None}
        wait_until(
            lambda: all(reader.tail.read() is None and reader.tail.events >= goals[reader.name] for reader in self.readers),
            deadline,
            lambda: f"{count} events more at each of {[(reader.name, reader.tail.events) for reader in self.readers]}",
            interval=0.02,
        )

    def events_logged(self) -> int:
        """By all readers together."""
        for reader in self.readers:
            reader.tail.read()
        return sum(reader.tail.events for reader in self.readers)

    def programs_by_name(self) -> Iterator[Tuple[str, Program]]:
        """Those that run."""
        if self.broker is not None:
            yield "broker", self.broker
        for one in [*self.workers, *self.readers]:
            if one.program is not None and one.program.running():
                yield one.name, one.program

    # The end

    def settle(self, deadline: float = 60) -> None:
        """Ends the workers and waits until every reader has all there is."""
        for worker in self.workers:
            if worker.program.running():
                worker.program.send_signal(15)
        for worker in self.workers:
            code = worker.program.wait(deadline)
            assert code in (0, -9), f"{worker.name} ended {code}: {worker.program.stdout} {worker.program.stderr}"
        # The first event behind all others tells of what was lost before it in its topic.
        last = self.start_worker(rate=1000, events=self.topics)
        assert last.program.wait(deadline) == 0, last.program.stderr
        ident = last.read().id
        wanted = {(ident, index) for index in range(self.topics)}

        def has_all(reader: RunningReader) -> bool:
            reader.tail.read()
            return wanted <= reader.tail.last.keys()

        for reader in self.readers:
            wait_until(lambda: has_all(reader), deadline, lambda: f"the last event at {reader.name}", interval=0.02)
            assert reader.program is not None and reader.program.stop() == 0, reader.program.stderr

    def audit(self, broker_keeps: bool = False) -> Report:
        for worker in self.workers:
            self.timeline.workers_away += worker.away
        return audit(
            [worker.read() for worker in self.workers],
            ((reader.name, list(read_stretches(reader.log))) for reader in self.readers),
            self.timeline,
            broker_keeps,
        )

    def epochs_of(self, reader: RunningReader) -> int:
        """How many numberings its events came from."""
        found = (one for stretch in read_stretches(reader.log) for one in stretch.found)
        return len({event.epoch for event in found if isinstance(event, Delivered)})

    def finish(self, broker_keeps: bool = False) -> Report:
        """Settles, and fails the test unless every event is accounted for."""
        self.settle()
        report = self.audit(broker_keeps)
        assert report.good, "\n" + report.table()
        return report
