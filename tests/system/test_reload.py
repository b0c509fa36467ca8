"""What changes while the broker runs, at SIGHUP."""

import os
import signal

import pytest
import zmq

from zevi_test import RawControl, RawPublisher, RawReader, RawSubscriber, another_user, is_admitted, wait_until

NOBODY = 65534


@pytest.fixture
def configured(zevid, test_dir):
    """A broker with a configuration file, and `reload(LINE...)`, which writes it anew and gives the log line about it."""
    file = test_dir / "zevid.conf"
    file.write_text("history = E_=64MB\n")
    broker = zevid("--config", file, "--interest-linger", "100ms")

    def reload(*lines):
        file.write_text("".join(f"{line}\n" for line in lines))
        return hang_up(broker)

    return broker, reload


def hang_up(broker):
    """Sends SIGHUP and gives the line that the broker writes about it."""
    before = len(broker.stderr.splitlines())
    broker.send_signal(signal.SIGHUP)
    return wait_until(
        lambda: next((line for line in broker.stderr.splitlines()[before:] if "reloaded" in line), None), what="a line about SIGHUP"
    )


def test_what_is_kept_changes_at_once_and_publishers_are_told(configured):
    broker, reload = configured
    with RawPublisher(broker.ingress).open() as publisher, RawReader(broker.endpoint("replay")) as reader:
        for topic in ("E_A", "E_B"):
            for i in range(3):
                publisher.expect_ack(publisher.events(topic, [{"i": i}]))
        assert reload("history = E_A=1events", "history = E_C=64MB") == "zevid: reloaded"
        publisher.wait_wanted("E_B", wanted=False)
        publisher.wait_wanted("E_C")
        wait_until(lambda: reader.ask(["E_A", "E_B"], last=9).values() == [2], what="E_A's last event alone")
        with RawControl(broker.endpoint("control")) as control:
            history = [row["value"] for row in control.rows("config") if row["option"] == "history"]
        assert history == ["E_A=64000000,1events", "E_C=64000000"]


def test_what_needs_a_new_start_is_named_and_the_rest_is_taken_over(configured):
    broker, reload = configured
    line = reload("history = none", "events-queue = 5", "subscriber-budget = 2MiB")
    assert line == "zevid: reloaded; a new start is needed for subscriber-budget, events-queue"
    with RawControl(broker.endpoint("control")) as control:
        values = {row["option"]: row["value"] for row in control.rows("config")}
    assert values["events-queue"] == "100000"
    assert "history" not in values


@pytest.mark.parametrize(
    "line, complaint",
    [
        ("histroy = none", ":1: unknown option 'histroy'; did you mean --history?"),
        ("coalesce = 5s", "coalesce must be between 0 and 1s"),
    ],
)
def test_a_file_that_is_wrong_changes_nothing(configured, line, complaint):
    broker, reload = configured
    said = reload(line, "history = none")
    assert said.startswith("zevid: error: not reloaded: ")
    assert complaint in said
    with RawControl(broker.endpoint("control")) as control:
        assert [row["value"] for row in control.rows("config") if row["option"] == "history"] == ["E_=64000000"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_who_lost_access_is_cut_off_and_the_others_notice_nothing(zevid, test_dir, runtime_dir):
    test_dir.chmod(0o711)
    runtime_dir.chmod(0o711)
    access = test_dir / "access"
    access.write_text(f"uid={NOBODY} publish,subscribe,replay,control\n")
    broker = zevid("--access", access, "--socket-mode", "0666")
    with another_user(NOBODY, NOBODY):
        theirs = [RawSubscriber(broker.stream, ["E_A"]), RawSubscriber(broker.events, ["E_A"], plain=True)]
        their_publisher = RawPublisher(broker.ingress, src="theirs")
    with RawPublisher(broker.ingress, src="ours").open() as ours, RawSubscriber(broker.stream, ["E_A"]) as reader, \
            theirs[0], theirs[1], their_publisher.open():  # fmt: skip
        ours.events("E_A", [{"i": 1}])
        assert [s.events(1)[0].params for s in (reader, *theirs)] == [{"i": 1}] * 3
        access.write_text("anyone control\n")
        assert hang_up(broker) == "zevid: reloaded"
        with RawControl(broker.endpoint("control")) as control:
            wait_until(
                lambda: [(r["stream"], r["events"]) for r in control.rows("subscriptions") if r["prefix"] == "E_A"] == [(1, 0)],
                what="our subscription alone",
            )
        their_publisher.events("E_A", [{"i": 2}])
        ours.events("E_A", [{"i": 3}])
        assert reader.events(1)[0].params == {"i": 3}
        assert theirs[0].event(0.2) is None
        with another_user(NOBODY, NOBODY):
            assert not is_admitted(zmq.SUB, broker.stream)
            assert is_admitted(zmq.DEALER, broker.endpoint("control"))


def test_without_a_file_to_read_again_a_hangup_ends_it(zevid):
    broker = zevid()
    broker.send_signal(signal.SIGHUP)
    assert broker.wait() == -signal.SIGHUP


def test_limits_of_publishers_and_subscribers_change_at_once_and_refusals_are_told(configured):
    broker, reload = configured
    with RawPublisher(broker.ingress).open() as publisher, RawControl(broker.endpoint("control")) as control:
        publisher.expect_ack(publisher.events("E_A", [{}] * 100))
        assert reload("publisher-rate = 50", "publisher-topics = 1", "subscriber-prefixes = 2") == "zevid: reloaded"
        publisher.expect_ack(publisher.events("E_A", [{}] * 100))
        publisher.events("E_A", [{}])
        assert publisher.expect("reject")["reason"] == "more than 50 events a second of one publisher"
        assert reload("publisher-topics = 1", "subscriber-prefixes = 2") == "zevid: reloaded"
        publisher.events("E_B", [{}])
        assert publisher.expect("reject")["reason"] == "more than 1 topics of one publisher"
        assert sorted(row["reason"] for row in control.rows("losses")) == [
            "more than 1 topics of one publisher", "more than 50 events a second of one publisher",
        ]  # fmt: skip
        with zmq.Context() as context, context.socket(zmq.SUB) as reader:
            reader.linger = 0
            reader.connect(broker.stream)
            for prefix in ("E_A", "E_B", "E_C"):
                reader.subscribe(prefix)
            broker.wait_for_stderr("more than 2 prefixes of one connection, which was cut off")


def test_a_sites_catalogue_is_read_again_and_judges_what_comes_then(configured, test_dir):
    broker, reload = configured
    site = test_dir / "site.json"
    rules = ("catalogue = E_SITE_=strict", "catalogue = *=warn", f"catalogue-file = {site}")
    with RawPublisher(broker.ingress).open() as publisher, RawControl(broker.endpoint("control")) as control:
        assert "site.json" in reload(*rules), "a file that is not there is told"
        publisher.expect_ack(publisher.events("E_SITE_A", [{"i": 1}]))
        site.write_text('{"zevi_catalogue": 1, "events": []}')
        assert reload(*rules) == "zevid: reloaded"
        publisher.events("E_SITE_A", [{"i": 2}])
        assert publisher.expect("reject")["reason"] == "the catalogue does not know E_SITE_A"
        publisher.expect_ack(publisher.events("E_OTHER", [{"i": 3}]))
        assert control.counter("events_uncatalogued") == 1
        site.write_text(
            '{"zevi_catalogue": 1, "events": [{"name": "E_SITE_A", "doc": "A.", "params": [{"name": "i", "type": "int", "doc": "I."}]}]}'
        )
        assert reload(*rules) == "zevid: reloaded"
        publisher.expect_ack(publisher.events("E_SITE_A", [{"i": 4}]))
        publisher.events("E_SITE_A", [{"i": "text"}])
        assert "'i'" in publisher.expect("reject")["reason"]
