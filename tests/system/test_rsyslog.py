"""Debian's rsyslog reads a route in JSON, as any program that knows plain ZeroMQ and text."""

import json
import shutil
from pathlib import Path

import pytest

from zevi_test import RawControl, RawPublisher, wait_until

CONFIG = """
global(maxMessageSize="128k")
module(load="imczmq")
template(name="zevi" type="string" string="%rawmsg%\\n")
input(type="imczmq" endpoints=">{endpoint}" sockType="SUB" topics="E_CORE_" ruleset="zevi")
ruleset(name="zevi") {{ action(type="omfile" file="{file}" template="zevi") }}
"""

rsyslogd = shutil.which("rsyslogd", path="/usr/sbin:/sbin")
needs_rsyslog = pytest.mark.skipif(
    rsyslogd is None or not list(Path("/usr/lib").glob("*/rsyslog/imczmq.so")), reason="no rsyslog with imczmq is installed"
)


@needs_rsyslog
def test_rsyslog_writes_each_event_on_a_line(zevid, run_program, test_dir, runtime_dir):
    endpoint = f"ipc://{runtime_dir}/json"
    broker = zevid("--route", f"*={endpoint},format=json,also")
    written = test_dir / "events.log"
    config = test_dir / "rsyslog.conf"
    config.write_text(CONFIG.format(endpoint=endpoint, file=written))
    rsyslog = run_program(rsyslogd, "-n", "-iNONE", "-f", config)
    with RawControl(broker.endpoint("control")) as control, RawPublisher(broker.ingress).open() as publisher:
        wait_until(lambda: [row["pid"] for row in control.rows("readers")] == [rsyslog.pid], what="rsyslog to subscribe")
        publisher.events("E_SITE_A", [{"i": -1}])
        for i in range(100):
            publisher.events("E_CORE_LOG", [{"i": i, "text": 'two\nlines, "quoted", ünd \x1b[31m', "long": "x" * 20_000}])
        wait_until(lambda: written.exists() and written.read_bytes().count(b"\n") == 100, what="100 lines")
    rsyslog.kill()  # when it is told to end, its imczmq uses memory that it has freed
    lines = [line.split(" ", 1) for line in written.read_text().splitlines()]
    assert {topic for topic, _ in lines} == {"E_CORE_LOG"}
    events = [json.loads(text) for _, text in lines]
    assert [(event["q"], event["params"]["i"]) for event in events] == [(i + 1, i) for i in range(100)]
    assert events[0]["params"]["text"] == 'two\nlines, "quoted", ünd \x1b[31m'
