"""The benchmarks run, with counts so small that their figures mean nothing."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

_here = Path(__file__).resolve().parent
_build_dir = Path(os.environ["ZEVI_BUILD_DIR"])

sys.path.insert(0, str(_here))
from zevi_bench.kinds import kinds, named  # noqa: E402
from zevi_bench.peers import all_peers  # noqa: E402
from zevi_bench.processes import find_program  # noqa: E402

_tiny = ["--runs", "1", "--seconds", "0.1"]
_zevi = ["--broker", "zevi stream"]


def bench(*arguments):
    environment = {**os.environ, "ZEVI_BENCH_BUILD_DIR": str(_build_dir)}
    command = [sys.executable, _here / "bench.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, env=environment)


def measured(kind, tmp_path, *arguments):
    """What the kind wrote as JSON, once its tables are printed."""
    file = tmp_path / "figures.json"
    done = bench(kind, "--json", file, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(file.read_text())
    for table in named(kind).tables(report[kind]):
        assert table.as_text() in done.stdout
    return report[kind]


def test_every_broker_carries_an_event(tmp_path):
    figures = measured("peers", tmp_path, "--load", "single", *_tiny)["results"]["single"]
    for peer in all_peers(_build_dir):
        if peer.name in named("peers").brokers and not peer.missing():
            [run] = figures[peer.name]
            assert run["received"] > 0
            assert run["wrong"] == 0


def test_throughput_is_beside_the_proxys(tmp_path):
    figures = measured("throughput", tmp_path, "--load", "single", *_tiny)["results"]["single"]
    assert list(figures) == ["zevi stream", "zevi events", "zmq_proxy", "zmq_proxy 2"]
    assert all(run["generator_cpu_ns"] > 0 for [run] in figures.values())


def test_latency_is_taken_of_every_event_that_is_calm(tmp_path):
    [run] = measured("latency", tmp_path, "--load", "calm", *_zevi, *_tiny)["results"]["calm"]["zevi stream"]
    assert 0 < run["latency_us_p50"] <= run["latency_us_p99"]
    assert run["broker_and_shim_cpu_ns"] >= run["broker_cpu_ns"]


def test_a_load_of_many_processes_and_topics_runs(tmp_path):
    loads = ["--load", "topics-101", "--load", "bystanders-100"]
    figures = measured("scale", tmp_path, *_zevi, *loads, *_tiny)["results"]
    # On a busy machine a subscriber may lose some of its own.
    for [run] in (figures[load]["zevi stream"] for load in ("topics-101", "bystanders-100")):
        assert 0 < run["received"] <= run["published"]
        assert run["wrong"] == 0


def test_memory_is_measured(tmp_path):
    figures = measured("memory", tmp_path, "--subscribers", "3", "--topics", "10", *_tiny)
    assert all(held > 1_000_000 for [held] in figures["results"].values())


def test_a_flood_beside_other_events_is_measured(tmp_path):
    figures = measured("routes", tmp_path, *_tiny)["results"]
    assert {name: run["lost_percent"] for name, [run] in figures.items()} == dict.fromkeys(
        ("quiet", "shared", "routed", "stuck"), 0
    )


def test_a_store_is_measured(tmp_path):
    done = bench("store", *_tiny)
    if "without RocksDB" in done.stdout + done.stderr:
        pytest.skip("built without a store")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "replayed to one reader" in done.stdout


def test_publishing_is_timed_and_allocates_nothing(tmp_path):
    try:
        find_program(_build_dir, "publish-bench")
    except FileNotFoundError as error:
        pytest.skip(str(error))
    figures = measured("publish", tmp_path, "--quick", "--runs", "1")
    assert all(call["allocations"] == 0 for call in figures["calls"].values())
    if "system_calls" in figures:
        assert figures["system_calls"]["awake"] == {}


def test_the_page_on_performance_is_written_from_the_figures(tmp_path):
    (tmp_path / "performance.md").write_text((_here.parents[1] / "docs/performance.md").read_text())
    figures = [tmp_path / name for name in ("peers.json", "publish.json")]
    for file, words in zip(figures, (["peers", *_zevi, "--load", "single", *_tiny], ["publish", "--quick", "--runs", "1"])):
        assert bench(*words, "--json", file).returncode == 0
    done = bench("report", *figures, "--into", tmp_path)
    assert done.returncode == 0, done.stderr
    [run] = json.loads(figures[0].read_text())["peers"]["results"]["single"]["zevi stream"]
    page = (tmp_path / "performance.md").read_text()
    assert f"| zevi stream | {run['events_per_second']:,.0f} |" in page
    assert page.count("Not measured.") == len(kinds) - len(figures)
    assert ET.parse(tmp_path / "performance.svg").getroot().tag.endswith("svg")


@pytest.mark.parametrize("words, says", [
    (["throughput", "--load", "nil"], "option --load: invalid choice: 'nil' (choose from 'single', 'fan', 'many')"),
    (["latency", "--runs", "0"], "option --runs: '0' is not a whole number from 1 on"),
    (["scale", "--seconds", "x"], "option --seconds: 'x' is not a number of seconds"),
    (["report", "/nowhere/x"], "cannot read /nowhere/x"),
    (["memory", "--json", "/nowhere/x"], "option --json: '/nowhere/x' cannot be written"),
])
def test_a_wrong_option_is_named_before_anything_is_measured(words, says):
    done = bench(*words)
    assert done.returncode in (1, 2)
    assert says in done.stderr and len(done.stderr.splitlines()) == 1
