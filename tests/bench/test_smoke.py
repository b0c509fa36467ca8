"""The benchmarks run, with counts so small that their figures mean nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_here = Path(__file__).resolve().parent
_build_dir = Path(os.environ["ZEVI_BUILD_DIR"])

sys.path.insert(0, str(_here))
from zevi_bench.peers import all_peers  # noqa: E402
from zevi_bench.processes import find_program  # noqa: E402


def run(script, tmp_path, *arguments):
    """What the script wrote as JSON."""
    report = tmp_path / "report.json"
    command = [sys.executable, _here / script, "--build-dir", _build_dir, "--json", report, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(report.read_text())


@pytest.mark.parametrize("peer", all_peers(_build_dir), ids=lambda peer: peer.name)
def test_a_broker_is_compared(peer, tmp_path):
    if peer.missing():
        pytest.skip(peer.missing())
    loads = ["--load", "single", "--load", "calm"]
    report = run("compare.py", tmp_path, "--peer", peer.name, *loads, "--runs", "1", "--seconds", "0.1")
    for load in ("single", "calm"):
        [figures] = report["results"][load][peer.name]
        assert figures["received"] > 0
        assert figures["wrong"] == 0


def test_a_load_of_many_processes_and_topics_runs(tmp_path):
    peers = ["--peer", "zevi stream", "--load", "topics-101"]
    report = run("compare.py", tmp_path, "--scale", *peers, "--runs", "1", "--seconds", "0.1")
    [figures] = report["results"]["topics-101"]["zevi stream"]
    # On a busy machine a subscriber may lose some of its own.
    assert 0 < figures["received"] <= figures["published"]
    assert figures["wrong"] == 0


def test_memory_is_measured(tmp_path):
    report = run("memory.py", tmp_path, "--subscribers", "3", "--topics", "10", "--seconds", "0.1")
    assert all(bytes > 1_000_000 for bytes in report["bytes"].values())


def test_publishing_is_timed_and_allocates_nothing(tmp_path):
    try:
        find_program(_build_dir, "publish-bench")
    except FileNotFoundError as error:
        pytest.skip(str(error))
    report = run("micro.py", tmp_path, "--quick")
    assert all(call["allocations"] == 0 for call in report["calls"].values())
    if report["system_calls"]:
        assert report["system_calls"]["awake"] == {}
