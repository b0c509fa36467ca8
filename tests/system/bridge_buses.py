"""The buses that `zevi bridge` is tested with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Iterator, List

from bridge_bus import Bus
from bridge_kafka import Kafka
from bridge_mqtt import Mqtt, MqttUnacknowledged
from bridge_nats import JetStream, Nats
from bridge_rabbitmq import Rabbitmq
from bridge_redis import Redis


class File(Bus):
    knows_repeats = True

    def __init__(self, directory, run_program) -> None:
        super().__init__(directory, run_program)
        self._read: Dict[Path, int] = {}

    def arguments(self) -> List[str]:
        return [f"file://{self.directory}/events.ndjson"]

    def new_payloads(self) -> Iterator[Dict[str, Any]]:
        for path in sorted(self.directory.iterdir(), key=lambda file: file.stat().st_mtime_ns):
            with open(path, "rb") as file:
                file.seek(self._read.get(path, 0))
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    self._read[path] = self._read.get(path, 0) + len(line)
                    yield json.loads(line)


class Exec(File):
    """Each start of the command has a file of its own, which may end in a part of a line if the bridge was killed."""

    knows_repeats = False

    def arguments(self) -> List[str]:
        return [f"exec:cat > {self.directory}/part.$$"]


class ExecThatAnswers(Exec):
    def arguments(self) -> List[str]:
        # sed writes each line to the file before it prints it.
        return [f"exec:sed -u 'w {self.directory}/part.'$$", "--set", "acknowledge=lines"]


buses = {
    "file": File,
    "exec": Exec,
    "exec with answers": ExecThatAnswers,
    "nats": Nats,
    "jetstream": JetStream,
    "redis": Redis,
    "mqtt": Mqtt,
    "mqtt without acknowledgements": MqttUnacknowledged,
    "rabbitmq": Rabbitmq,
    "kafka": Kafka,
}
