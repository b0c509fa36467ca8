"""What Prometheus is told of `zevi bridge`."""

import json
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from bridge_bus import publish_numbers
from bridge_nats import NatsServer
from bridge_redis import RedisServer
from test_metrics import values_of
from zevi_test import free_port, wait_until

PACKAGING = Path(__file__).resolve().parents[2] / "broker/packaging"


@pytest.fixture
def metered(run_program, test_dir):
    """Runs a bridge that answers Prometheus; gives it with what it answers."""

    def run(*arguments, port=None, **environment):
        port = port or free_port()
        options = () if arguments[0] == "--config" else ("--metrics", port)
        env = {"STATE_DIRECTORY": str(test_dir / "state"), **environment}
        program = run_program("zevi-bridge", *arguments, *options, env=env)
        program.metrics = lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20).read().decode()

        def answers():
            if "built without Prometheus" in program.stderr:
                program.wait()
                pytest.skip("built without Prometheus")
            try:
                return bool(program.metrics())
            except OSError:
                assert program.running(), program.stderr
                return False

        wait_until(answers, what="the metrics")
        return program

    return run


@pytest.fixture
def file_bridge(metered, test_dir):
    return lambda *options: metered("to", f"file://{test_dir}/a.ndjson", "--topic", "E_A", "--from", "start", *options)


def value(program, name):
    """Of the one bridge that it runs; None if it does not say."""
    return next(iter(values_of(program.metrics(), f"zevi_bridge_{name}").values()), None)


def counters_of(text, direction="to"):
    """By name, without what is not in the last line of a bridge."""
    found = re.findall(rf'^zevi_bridge_(\w+)_total\{{.*direction="{direction}".*\}} (\S+)$', text, re.MULTILINE)
    return {name: int(float(number)) for name, number in found if name != "retries"}


def last_line(program, section=""):
    """The counters in it."""
    [line] = [line for line in program.stderr.splitlines() if section in line and re.search(r"\bconnections \d+$", line)]
    return {name: int(number) for name, number in re.findall(r"(\w+) (\d+)(?:,|$)", line)}


def check_with_promtool(text):
    if shutil.which("promtool"):
        checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_the_counters_are_those_of_the_last_line(zevid, file_bridge):
    broker = zevid()
    publish_numbers(broker, "E_A", range(30))
    bridge = file_bridge()
    wait_until(lambda: value(bridge, "acknowledged_total") == 30, what="the events")
    text = bridge.metrics()
    check_with_promtool(text)
    assert value(bridge, "up") == 1
    assert value(bridge, "lag_events") == value(bridge, "lag_seconds") == value(bridge, "unacknowledged_events") == 0
    assert bridge.stop() == 0
    assert counters_of(text) == last_line(bridge)
    assert counters_of(text)["read"] == 30


def test_the_lag_grows_while_the_bus_is_away_and_is_gone_when_it_is_back(zevid, metered, run_program, test_dir):
    broker = zevid()
    server = RedisServer(test_dir, run_program)
    server.start()
    publish_numbers(broker, "E_B", range(7))  # not of this bridge
    bridge = metered("to", server.url, "--topic", "E_A", "--from", "start", "--window", 20)
    wait_until(lambda: value(bridge, "up") == 1, what="a connection")
    publish_numbers(broker, "E_A", range(5))
    wait_until(lambda: value(bridge, "acknowledged_total") == 5, what="the first events")
    wait_until(lambda: value(bridge, "lag_events") == 0, what="no lag")
    server.kill()
    wait_until(lambda: value(bridge, "up") == 0, what="a lost connection")
    publish_numbers(broker, "E_A", range(5, 15))
    wait_until(lambda: value(bridge, "lag_events") == 10, what=lambda: f"the lag, which is\n{bridge.metrics()}")
    publish_numbers(broker, "E_A", range(15, 105))
    wait_until(lambda: value(bridge, "lag_events") == 100, what=lambda: f"the lag, which is\n{bridge.metrics()}")
    assert value(bridge, "unacknowledged_events") == 20
    seconds = value(bridge, "lag_seconds")
    wait_until(lambda: value(bridge, "lag_seconds") > seconds + 0.2, what="a growing age")
    assert value(bridge, "retries_total") >= value(bridge, "failed_attempts") >= 1
    server.start()
    wait_until(lambda: value(bridge, "acknowledged_total") == 105, what="all events")
    wait_until(lambda: value(bridge, "lag_events") == 0, what=lambda: f"no lag, which is\n{bridge.metrics()}")
    assert value(bridge, "up") == 1 and value(bridge, "failed_attempts") == 0
    assert value(bridge, "lag_seconds") == value(bridge, "unacknowledged_events") == 0
    assert value(bridge, "retries_total") >= 1
    assert bridge.stop() == 0


def test_without_a_broker_to_ask_nothing_is_said_of_events_behind(zevid, file_bridge, test_dir):
    bridge = file_bridge()
    assert value(bridge, "lag_events") is None
    assert value(bridge, "read_total") == value(bridge, "lag_seconds") == 0
    publish_numbers(zevid(), "E_A", range(3))
    wait_until(lambda: value(bridge, "lag_events") == 0 and value(bridge, "read_total") == 3, what="the lag")


def test_events_from_before_a_bridge_that_begins_now_are_no_lag(zevid, metered, test_dir):
    broker = zevid()
    publish_numbers(broker, "E_A", range(40))
    bridge = metered("to", f"file://{test_dir}/a.ndjson", "--topic", "E_*")
    wait_until(lambda: value(bridge, "lag_events") == 0, what="the lag")
    publish_numbers(broker, "E_B", range(3))
    wait_until(lambda: value(bridge, "acknowledged_total") == 3, what="the events")
    wait_until(lambda: value(bridge, "lag_events") == 0, what="the lag")


def test_the_bridges_of_a_file_are_told_apart_by_the_names_of_their_sections(zevid, metered, run_program, test_dir):
    broker = zevid()
    server = NatsServer(test_dir / "jetstream", run_program)
    server.start()
    port = free_port()
    config = test_dir / "bridges.conf"
    config.write_text(
        f"metrics = {port}\n"
        f"[out]\ndirection = to\nurl = {server.url}\ntopic = E_A\nsubject = out.{{topic}}\nfrom = start\n"
        f"[in]\ndirection = from\nurl = {server.url}\nsubject = out.*\ntopic = E_IN\nname = elsewhere\n"
    )
    bridges = metered("--config", config, port=port)
    bus = f'bus="{server.url}"'
    out, into = f'{{bridge="out",direction="to",{bus}}}', f'{{bridge="in",direction="from",{bus}}}'
    wait_until(lambda: values_of(bridges.metrics(), "zevi_bridge_up") == {out: 1, into: 1}, what="the connections")
    publish_numbers(broker, "E_A", range(12))
    for name, labels in (("acknowledged", out), ("received", into)):
        counter = f"zevi_bridge_{name}_total"
        wait_until(lambda: values_of(bridges.metrics(), counter) == {labels: 12}, what=lambda: bridges.metrics())
    text = bridges.metrics()
    check_with_promtool(text)
    assert set(values_of(text, "zevi_bridge_refused_total")) == {out, into}
    assert set(values_of(text, "zevi_bridge_lag_events")) == {out}
    assert bridges.stop() == 0
    assert counters_of(text, "to") == last_line(bridges, "[out]")
    assert counters_of(text, "from") == last_line(bridges, "[in]")


def test_a_bridge_that_failed_and_waits_is_down_and_the_others_are_told_as_before(zevid, metered, test_dir):
    broker = zevid()
    state = test_dir / "of_first"
    state.mkdir()
    port = free_port()
    config = test_dir / "bridges.conf"
    ends = f"direction = to\nurl = file://{test_dir}/{{topic}}.ndjson\nfrom = start\n"
    config.write_text(f"metrics = {port}\n[first]\n{ends}topic = E_A\ncursor = {state}/cursor\n[second]\n{ends}topic = E_B\n")
    bridges = metered("--config", config, port=port)

    def by_bridge(name):
        found = values_of(bridges.metrics(), f"zevi_bridge_{name}")
        return {re.search('bridge="(.*?)"', labels).group(1): number for labels, number in found.items()}

    publish_numbers(broker, "E_A", range(3))
    wait_until(lambda: by_bridge("acknowledged_total")["first"] == 3, what="the events")
    shutil.rmtree(state)
    publish_numbers(broker, "E_A", range(3, 5))
    publish_numbers(broker, "E_B", range(4))
    bridges.wait_for_stderr("[first] cannot")
    wait_until(lambda: by_bridge("up") == {"first": 0, "second": 1}, what=lambda: bridges.metrics())
    wait_until(lambda: by_bridge("lag_events") == {"second": 0}, what=lambda: bridges.metrics())
    assert by_bridge("acknowledged_total")["second"] == 4


def test_no_secret_is_told(zevid, metered, run_program, test_dir):
    zevid()
    server = RedisServer(test_dir, run_program, "--requirepass", "confidential")
    server.start()
    url = f"redis://default:confidential@127.0.0.1:{server.port}/0"
    bridge = metered("to", "--topic", "E_A", ZEVI_BRIDGE_URL=url)
    wait_until(lambda: value(bridge, "up") == 1, what=lambda: bridge.stderr)
    text = bridge.metrics()
    assert f'bus="redis://127.0.0.1:{server.port}/0"' in text
    assert "confidential" not in text and "default" not in text


def test_a_port_that_is_taken_is_named(zevid, file_bridge, run_program, test_dir):
    zevid()
    taken = file_bridge().arguments[-1]
    words = f"error: cannot answer Prometheus at --metrics {taken}: give a port"
    second = run_program("zevi-bridge", "to", f"file://{test_dir}/b.ndjson", "--topic", "E_A", "--no-cursor", "--metrics", taken)
    assert second.wait() == 1
    assert words in second.stderr
    config = test_dir / "bridges.conf"
    config.write_text(f"metrics = {taken}\n[a]\ndirection = to\nurl = file://{test_dir}/b.ndjson\ntopic = E_A\nno-cursor = on\n")
    third = run_program("zevi-bridge", "--config", config)
    assert third.wait() == 1
    assert words in third.stderr
    assert not (test_dir / "b.ndjson").exists()


def test_the_command_line_goes_before_the_file(zevid, metered, run_program, test_dir):
    zevid()
    config = test_dir / "bridges.conf"
    config.write_text(f"metrics = nowhere:1\n[a]\ndirection = to\nurl = file://{test_dir}/b.ndjson\ntopic = E_A\nno-cursor = on\n")
    port = free_port()
    bridge = metered("--config", config, "--metrics", port, port=port)
    assert value(bridge, "up") is not None


def test_ctrl_c_ends_it_at_once(zevid, file_bridge):
    zevid()
    bridge = file_bridge()
    wait_until(lambda: value(bridge, "up") == 1, what="the file")
    begin = time.monotonic()
    bridge.send_signal(signal.SIGINT)
    assert bridge.wait() == 0
    assert time.monotonic() - begin < 1


def test_what_the_dashboard_and_the_alerts_ask_for_is_there(zevid, file_bridge):
    zevid()
    bridge = file_bridge()
    wait_until(lambda: value(bridge, "lag_events") == 0, what="the lag")
    names = set(re.findall(r"^# TYPE (\S+)", bridge.metrics(), re.MULTILINE))
    dashboard = json.loads((PACKAGING / "grafana-dashboard.json").read_text())
    asked = " ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    asked += (PACKAGING / "prometheus-alerts.yml").read_text().split("groups:", 1)[1]
    used = set(re.findall(r"\bzevi_bridge_[a-z_]+\b", asked))
    assert len(used) > 3
    # Of the other direction.
    assert used - names == {"zevi_bridge_published_total"}
