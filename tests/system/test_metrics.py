"""What Prometheus is told, and that it understands it."""

import json
import re
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from zevi_test import RawControl, RawPublisher, free_port, wait_until

PACKAGING = Path(__file__).resolve().parents[2] / "broker/packaging"
TOPICS_MAX = 200


@pytest.fixture
def metered(zevid, run_program, test_dir):
    """A broker that answers Prometheus, and what it answers."""
    port = free_port()
    broker = zevid("--metrics", port, ready=False)
    wait_until(lambda: "ready" in broker.stderr or not broker.running(), what="the broker")
    if "built without Prometheus" in broker.stderr:
        broker.wait()
        pytest.skip("built without Prometheus")
    broker.wait_ready()
    broker.port = port
    broker.metrics = lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20).read().decode()
    return broker


def values_of(text, name):
    """The values of a metric by its label text."""
    return {labels: float(value) for labels, value in re.findall(rf"^{name}(\{{.*\}})? (\S+)$", text, re.MULTILINE)}


def publish(broker, topics):
    with RawPublisher(broker.ingress).open() as publisher:
        for topic in topics:
            s = publisher.events(topic, [{"i": 1}])
        publisher.expect_ack(s)


def test_every_counter_is_there_with_the_name_type_and_words_that_it_should_have(metered):
    publish(metered, ["E_A", "E_B"])
    wait_until(lambda: len(values_of(metered.metrics(), "zevi_topic_events_total")) == 2, what="the topics")
    text = metered.metrics()
    with RawControl(metered.endpoint("control")) as control:
        counters = control.rows("counters")
    assert len(counters) > 40
    for row in counters:
        name, kind = f"zevi_{row['name']}", "gauge" if row["level"] else "counter"
        name += "" if row["level"] else "_total"
        assert f"# HELP {name} {row['help']}\n# TYPE {name} {kind}\n{name} " in text
    assert values_of(text, "zevi_events_received_total") == {"": 2}
    assert values_of(text, "zevi_topic_events_total") == {'{topic="E_A"}': 1, '{topic="E_B"}': 1}
    assert values_of(text, "process_open_fds")[""] < values_of(text, "process_max_fds")[""]
    if shutil.which("promtool"):
        checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_topics_beyond_the_limit_are_told_as_one(metered):
    publish(metered, [f"E_{i:03}" for i in range(TOPICS_MAX + 5)])
    wait_until(lambda: '"~others"' in metered.metrics(), what="the others")
    topics = values_of(metered.metrics(), "zevi_topic_events_total")
    assert len(topics) == TOPICS_MAX + 1
    assert topics['{topic="~others"}'] == 5


def test_what_the_dashboard_and_the_alerts_ask_for_is_there(metered):
    publish(metered, ["E_A"])
    wait_until(lambda: values_of(metered.metrics(), "zevi_topic_events_total"), what="the topic")
    names = set(re.findall(r"^# TYPE (\S+)", metered.metrics(), re.MULTILINE)) | {"up"}
    dashboard = json.loads((PACKAGING / "grafana-dashboard.json").read_text())
    asked = " ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    asked += (PACKAGING / "prometheus-alerts.yml").read_text().split("groups:", 1)[1]
    used = set(re.findall(r"\b(?:zevi|process)_(?!bridge_)[a-z_]+\b", asked))
    assert len(used) > 10
    assert used - names == set()


def test_the_alert_rules_are_well_formed():
    if shutil.which("promtool") is None:
        pytest.skip("there is no promtool here")
    checked = subprocess.run(
        ["promtool", "check", "rules", PACKAGING / "prometheus-alerts.yml"], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_real_prometheus_has_the_figures_a_moment_later(metered, run_program, test_dir):
    if shutil.which("prometheus") is None:
        pytest.skip("there is no prometheus here")
    publish(metered, ["E_A", "E_A", "E_A"])
    config = test_dir / "prometheus.yml"
    config.write_text(
        "scrape_configs:\n- job_name: zevid\n  scrape_interval: 200ms\n  scrape_timeout: 200ms\n"
        f"  static_configs:\n  - targets: ['127.0.0.1:{metered.port}']\n"
    )
    port = free_port()
    run_program(
        shutil.which("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={test_dir / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
    )  # fmt: skip

    def asked():
        try:
            url = f"http://127.0.0.1:{port}/api/v1/query?query=zevi_topic_events_total"
            result = json.load(urllib.request.urlopen(url, timeout=20))["data"]["result"]
        except OSError:
            return None
        return [(row["metric"]["topic"], row["metric"]["job"], row["value"][1]) for row in result]

    wait_until(lambda: asked() == [("E_A", "zevid", "3")], what=lambda: f"the figures in Prometheus, which says {asked()}")


def test_a_broker_that_answers_prometheus_ends_as_fast_as_another(metered):
    metered.metrics()
    begin = time.monotonic()
    assert metered.stop() == 0
    assert time.monotonic() - begin < 1.5


def test_a_port_that_is_taken_is_named(metered, zevid, test_dir):
    second = zevid("--metrics", metered.port, runtime_dir=test_dir / "second", ready=False)
    assert second.wait() == 1
    assert f"cannot answer Prometheus at --metrics {metered.port}: give a port" in second.stderr
