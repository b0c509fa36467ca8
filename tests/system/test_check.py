"""`zevi check`: what a monitoring system learns of the broker."""

import json
import re
from functools import partial

import pytest

from zevi_test import RawControl, RawPublisher, wait_until


@pytest.fixture
def check(finish_zevi):
    """`check(OPTION...)` gives the exit code and what was printed."""
    return partial(finish_zevi, "check")


def drop(broker, count):
    """A publisher of the broker that has dropped so many events."""
    publisher = RawPublisher(broker.ingress, src="worker").open()
    publisher.beat(d={"E_A": count})
    with RawControl(broker.endpoint("control")) as control:
        wait_until(lambda: control.counter("events_lost_before") >= count, what="the drops")
    return publisher


def test_all_is_well(zevid, check):
    zevid()
    code, said = check()
    assert code == 0 and said.startswith("ok: 0 events lost before the broker")
    code, said = check("--format", "nagios")
    assert code == 0 and re.match(r"ZEVI OK - .* \| lost_before=0;1;1000;0 ", said) and said.count("\n") == 1


def test_events_lost_in_the_last_minute_are_a_warning_or_critical_as_the_limits_say(zevid, check):
    broker = zevid()
    with drop(broker, 30):
        assert check()[0] == 1
        assert check("--lost-before", "1,30")[0] == 2
        assert check("--lost-before", "31,-")[0] == 0
        assert check("--lost-before", "-,-")[0] == 0
        code, said = check("--format", "json", "--lost-before", "1,30")
        verdict = json.loads(said)
        assert code == verdict["code"] == 2 and verdict["state"] == "critical"
        [finding] = [f for f in verdict["findings"] if f["name"] == "lost_before"]
        assert (finding["value"], finding["warning"], finding["critical"]) == (30, 1, 30)


def test_too_few_publishers_are_critical_and_one_that_vanished_a_warning(zevid, check, run_program):
    broker = zevid()
    assert check("--publishers-min", "1")[0] == 2
    with RawPublisher(broker.ingress).open(), RawControl(broker.endpoint("control")) as control:
        # It sends no beats.
        wait_until(lambda: control.counter("publishers_lost") == 1, what="the publisher to be down")
        assert check()[0] == 1
        assert check("--publishers-lost", "1,1")[0] == 2


def fill(path):
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(65536))
        except OSError:
            pass


def test_a_store_whose_disk_is_full_is_critical_until_there_is_room(needs_store, small_disk, zevid, check, run_zevi):
    never = ("--store-left-out", "-,-", "--publishers-lost", "-,-")
    broker = zevid("--store", small_disk / "store", "--store-size", "64MiB", "--history", "=1MiB")
    with RawPublisher(broker.ingress).open() as publisher, RawControl(broker.endpoint("control")) as control:
        assert check(*never)[0] == 0
        fill(small_disk / "ballast")
        for i in range(100):
            publisher.events("E_A", [{"i": i, "x": "x" * 50_000}])
        publisher.beat()
        wait_until(lambda: control.stats()["store"]["state"] == "degraded", what="the store to be degraded")
        code, said = check(*never)
        assert code == 2 and said.startswith("critical: the store is degraded: IO error: No space left")
        code, said = check("--format", "prometheus", *never)
        assert code == 2 and "\nzevi_store_degraded 1\n" in said and "# TYPE zevi_store_bytes gauge\n" in said
        shown = run_zevi("status")
        assert shown.wait() == 0 and "DEGRADED: IO error: No space left" in shown.stdout
        (small_disk / "ballast").unlink()
        wait_until(lambda: control.stats()["store"]["state"] == "ok", what="the store to recover")
        assert check(*never)[0] == 0
        assert check()[0] == 2, "what was left out in the last minute is critical too"
        assert "\nzevi_store_degraded 0\n" in check("--format", "prometheus")[1]


def test_prometheus_gets_every_counter_with_help_and_type(zevid, check):
    broker = zevid()
    with drop(broker, 30), RawControl(broker.endpoint("control")) as control:
        code, said = check("--format", "prometheus")
        assert code == 1
        metrics = dict(re.findall(r"^(zevi_\w+) (\d+)$", said, re.MULTILINE))
        assert metrics["zevi_up"] == "1" and metrics["zevi_check_state"] == "1"
        assert metrics["zevi_events_lost_before_total"] == "30" and metrics["zevi_publishers_live"] == "1"
        for row in control.rows("counters"):
            assert f"zevi_{row['name']}_total" in metrics or f"zevi_{row['name']}" in metrics
        helped = re.findall(r"^# HELP (zevi_\w+) \S", said, re.MULTILINE)
        typed = re.findall(r"^# TYPE (zevi_\w+) (?:counter|gauge)$", said, re.MULTILINE)
        assert helped == typed == list(metrics)


@pytest.mark.parametrize("form", ["text", "nagios", "json", "prometheus"])
def test_no_answer_is_critical_in_every_format(check, form):
    code, said = check("--format", form, "--timeout", "200ms")
    assert code == 2
    assert "zevi_up 0" in said if form == "prometheus" else "no broker answers" in said


@pytest.mark.parametrize(
    "arguments", [["--format", "xml"], ["--lost-before", "1"], ["--publishers-min", "x"], ["--wombat"], ["stray"]]
)
def test_a_wrong_command_line_is_unknown(check, arguments):
    assert check(*arguments) == (3, "")
