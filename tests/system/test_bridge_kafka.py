"""`zevi bridge to kafka://...` with librdkafka's mock of a cluster: what is sent, refused and kept, and who it is.

The mock is no Kafka. That a cluster leaves out what a producer sends again, and how it judges users, is not shown here.
"""

from __future__ import annotations

import json
import ssl
import time

import msgpack
import pytest
from bridge_bus import check_wrong_command_lines, make_certificates, publish_events, skip_unless_bridge_knows
from bridge_kafka import KafkaCluster
from zevi_test import RawPublisher, free_port
from zevi_test.kafka_front import KafkaFront

# Of the protocol.
produce, init_producer_id = 0, 22
unknown_topic, too_large, not_authorized, out_of_order, cluster_not_authorized = 3, 10, 29, 45, 31


@pytest.fixture
def cluster(run_program):
    one = KafkaCluster(run_program)
    yield one
    one.close()


@pytest.fixture
def front(cluster):
    """`front(...)` is a `KafkaFront` of the cluster, which ends with the test."""
    opened = []

    def start(**how):
        opened.append(KafkaFront(cluster.servers, **how))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def numbers_in(messages):
    return [json.loads(message["value"])["params"]["n"] for message in messages]


def test_the_topic_of_an_event_is_its_key_and_names_of_others_choose_no_topic(zevid, cluster, bridge):
    broker = zevid()
    with RawPublisher(broker.ingress, src="$SYS/+#\x85.a") as publisher:
        publisher.open()
        publisher.expect_ack(publisher.events("E_A", [{"n": n, "bytes": b"\xff\x00"} for n in range(100)]))
    cluster.tell("topic", "zevi._SYS_____.a.E_A", 8)
    arguments = ("--subject", "zevi.{src}.{topic}", "--payload", "msgpack", "--no-follow")
    assert bridge(cluster.url, *arguments).wait() == 0
    messages = cluster.reader("zevi._SYS_____.a.E_A/8").wait_for(100)
    assert {message["partition"] for message in messages} == {messages[0]["partition"]}
    assert [msgpack.unpackb(message["value"])["params"]["n"] for message in messages] == list(range(100))
    assert msgpack.unpackb(messages[0]["value"])["params"]["bytes"] == b"\xff\x00"
    assert messages[0]["key"] == "E_A" and messages[0]["headers"]["Zevi-Q"] == "1"
    ids = {message["headers"]["Zevi-Id"] for message in messages}
    assert len(ids) == 100 and msgpack.unpackb(messages[0]["value"])["id"] in ids
    names = {"Zevi-Id", "Zevi-Topic", "Zevi-Q", "Zevi-Epoch", "Zevi-Time", "Zevi-Source", "Zevi-Host", "Zevi-Origin"}
    assert set(messages[0]["headers"]) == names


def test_a_cluster_that_goes_away_for_a_moment_costs_nothing(zevid, cluster, bridge):
    broker = zevid()
    program = bridge(cluster.url)
    program.wait_for_stderr("connected to")
    cluster.tell("down")
    program.wait_for_stderr("Connection refused")
    publish_events(broker, "E_A", [{"n": n} for n in range(100)])
    cluster.tell("up")
    program.wait_for_stderr("takes events again")
    assert numbers_in(cluster.reader("zevi.E_A").wait_for(100)) == list(range(100))
    assert program.stop() == 0
    assert "read 100, acknowledged 100, resent 0" in program.stderr and "connections 1" in program.stderr
    assert all(line.startswith("zevi bridge: ") for line in program.stderr.splitlines())


def test_what_the_library_says_is_told_under_the_name_of_its_bridge(cluster, run_program, runtime_dir, test_dir):
    config = test_dir / "bridges.conf"
    lines = ["[far]", "direction = to", f"url = {cluster.url}", "topic = E_A", f"runtime-dir = {runtime_dir}", "no-cursor = on"]
    config.write_text("\n".join(lines))
    program = run_program("zevi-bridge", "--config", config)
    program.wait_for_stderr("connected to")
    cluster.tell("down")
    program.wait_for_stderr("Connection refused")
    program.wait_for_stderr("brokers are down; waiting")
    assert program.stop() == 0
    assert all("[far] " in line for line in program.stderr.splitlines()), program.stderr


def test_what_a_cluster_that_is_away_has_not_acknowledged_comes_in_order(zevid, cluster, bridge):
    broker = zevid()
    program = bridge(cluster.url, "--set", "timeout=2s")
    program.wait_for_stderr("connected to")
    cluster.tell("down")
    publish_events(broker, "E_A", [{"n": n} for n in range(1000)])
    line = program.wait_for_stderr("not acknowledged in time: ")
    assert "trying again" in line
    cluster.tell("up")
    program.wait_for_stderr("connected again")
    assert program.stop() == 0
    assert "read 1000, acknowledged 1000, resent " in program.stderr and "refused 0" in program.stderr
    numbers = numbers_in(cluster.reader("zevi.E_A").wait_for(1000))
    assert list(dict.fromkeys(numbers)) == list(range(1000))


def test_what_the_library_does_not_take_yet_waits_for_it(zevid, cluster, bridge):
    broker = zevid("--history", "*=64MB")
    program = bridge(cluster.url, "--window", 30000)
    program.wait_for_stderr("connected to")
    cluster.tell("down")
    publish_events(broker, "E_A", [{"n": n} for n in range(12000)])
    cluster.tell("up")
    assert numbers_in(cluster.reader("zevi.E_A").wait_for(12000)) == list(range(12000))
    assert program.stop() == 0
    assert "read 12000, acknowledged 12000, resent 0" in program.stderr


@pytest.mark.parametrize("request_kind,code", [(init_producer_id, cluster_not_authorized), (produce, out_of_order)])
def test_a_producer_that_may_not_go_on_is_replaced(zevid, cluster, bridge, request_kind, code):
    publish_events(zevid(), "E_A", [{"n": n} for n in range(100)])
    cluster.tell("error", request_kind, code, 1)
    program = bridge(cluster.url, "--no-follow")
    assert program.wait() == 0
    assert "trying again" in program.stderr and "connections 2" in program.stderr
    assert "read 100, acknowledged 100" in program.stderr and "refused 0" in program.stderr
    assert numbers_in(cluster.reader("zevi.E_A").wait_for(100)) == list(range(100))


def test_an_event_that_is_too_large_is_counted_and_holds_up_no_other(zevid, cluster, bridge):
    publish_events(zevid(), "E_A", [{"n": 0}, {"n": 1, "text": "x" * 2000}, {"n": 2}])
    program = bridge(cluster.url, "--set", "max-message=1500", "--no-follow")
    assert program.wait() == 0
    assert numbers_in(cluster.reader("zevi.E_A").wait_for(2)) == [0, 2]
    assert "read 3, acknowledged 2, resent 0, refused 1" in program.stderr
    assert "was refused: " in program.stderr


def test_of_a_batch_that_is_refused_only_what_is_refused_alone_is_left_out(zevid, cluster, bridge):
    broker = zevid()
    publish_events(broker, "E_A", [{"n": n} for n in range(10)])
    cluster.tell("error", produce, too_large, 2)
    program = bridge(cluster.url)
    program.wait_for_stderr("was refused: ")
    assert numbers_in(cluster.reader("zevi.E_A").wait_for(9)) == list(range(1, 10))
    publish_events(broker, "E_A", [{"n": n} for n in range(10, 100)])
    assert numbers_in(cluster.reader("zevi.E_A").wait_for(99)) == list(range(1, 100))
    assert program.stop() == 0
    assert "a batch was refused: " in program.stderr and "sending its events one by one" in program.stderr
    assert "read 100, acknowledged 99, resent 10, refused 1" in program.stderr


def test_a_topic_that_is_not_there_is_waited_for(zevid, cluster, bridge):
    publish_events(zevid(), "E_A", [{"n": n} for n in range(10)])
    cluster.tell("topic-error", "zevi.E_A", unknown_topic)
    program = bridge(cluster.url, "--no-follow")
    program.wait_for_stderr("zevi.E_A: Broker: Unknown topic or partition; trying again")
    cluster.tell("topic-error", "zevi.E_A", 0)
    assert program.wait() == 0
    assert numbers_in(cluster.reader("zevi.E_A").wait_for(10)) == list(range(10))
    assert "read 10, acknowledged 10" in program.stderr and "refused 0" in program.stderr


def test_an_event_that_the_cluster_does_not_allow_is_counted(zevid, cluster, bridge):
    broker = zevid()
    publish_events(broker, "E_A", [{"n": 0}])
    cluster.tell("error", produce, not_authorized, 1)
    program = bridge(cluster.url)
    program.wait_for_stderr("was refused: Broker: Topic authorization failed")
    time.sleep(1.5)  # the library refuses all of that topic itself until it has asked again
    publish_events(broker, "E_A", [{"n": 1}])
    assert numbers_in(cluster.reader("zevi.E_A").wait_for(1)) == [1]
    assert program.stop() == 0
    assert "read 2, acknowledged 1, resent 0, refused 1" in program.stderr


def test_a_topic_that_is_too_long_for_kafka_is_counted(zevid, cluster, bridge):
    publish_events(zevid(), "E_A", [{"n": 0}])
    program = bridge(cluster.url, "--subject", "x" * 248 + "{topic}", "--no-follow")
    assert program.wait() == 0
    assert "refused 1" in program.stderr and "Kafka can have no topic 'xxx" in program.stderr


def server_tls(directory, wants_certificate=False):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "server.pem", directory / "server.key")
    context.load_verify_locations(directory / "server.pem")
    context.verify_mode = ssl.CERT_REQUIRED if wants_certificate else ssl.CERT_NONE
    return context


def test_it_encrypts_shows_a_certificate_and_checks_who_the_cluster_is(zevid, cluster, front, bridge, test_dir):
    make_certificates(test_dir)
    publish_events(zevid(), "E_A", [{"n": n} for n in range(100)])
    url = front(tls=server_tls(test_dir, wants_certificate=True)).url
    own = ("--tls-cert", test_dir / "server.pem", "--tls-key", test_dir / "server.key")
    program = bridge(url, "--tls-ca", test_dir / "server.pem", *own, "--no-follow")
    assert program.wait() == 0
    assert "acknowledged 100, resent 0" in program.stderr
    distrusting = bridge(url, "--tls-ca", test_dir / "stranger.pem", *own)
    other_name = bridge(url.replace("127.0.0.1", "localhost"), "--tls-ca", test_dir / "server.pem", *own)
    without_certificate = bridge(url, "--tls-ca", test_dir / "server.pem")
    without_tls = bridge(url)
    for refusing, words in (
        (distrusting, "certificate verify failed"),
        (other_name, "certificate verify failed"),
        (without_certificate, "trying again"),
        (without_tls, "trying again"),
    ):
        refusing.wait_for_stderr(words)
        assert refusing.stop() == 0
        assert "connected" not in refusing.stderr, refusing.stderr


def test_it_shows_who_it_is_by_files_and_environment(zevid, cluster, front, bridge, test_dir):
    make_certificates(test_dir)
    publish_events(zevid(), "E_A", [{"n": 1}])
    secret = test_dir / "secret"
    secret.write_text("s3cret\n")
    for tls, options in ((None, ()), (server_tls(test_dir), ("--tls-ca", test_dir / "server.pem"))):
        url = front(tls=tls, user=("me", "s3cret")).url
        by_file = bridge(url, "--user", "me", "--password-file", secret, *options, "--no-follow")
        by_url = bridge("", *options, "--no-follow", env={"ZEVI_BRIDGE_URL": url.replace("://", "://me:s3cret@")})
        for program in (by_file, by_url):
            assert program.wait() == 0
            assert "acknowledged 1," in program.stderr and "s3cret" not in program.stderr
    wrong = bridge(url, "--user", "me", *options, env={"ZEVI_BRIDGE_PASSWORD": "wr0ng"})
    wrong.wait_for_stderr("trying again")
    assert wrong.stop() == 0
    assert "connected" not in wrong.stderr and "wr0ng" not in wrong.stderr


def test_a_cluster_that_says_nothing_or_is_not_there_is_told_and_left_at_once(cluster, bridge):
    nobody = bridge(f"kafka://127.0.0.1:{free_port()}")
    nobody.wait_for_stderr("Connection refused")
    cluster.program.pause()
    silent = bridge(cluster.url)
    silent.wait_for_stderr("no answer within two seconds")
    for program in (nobody, silent):
        assert program.stop() == 0
    cluster.program.resume()


def test_a_cluster_that_falls_silent_does_not_hold_up_the_end(zevid, cluster, bridge):
    broker = zevid()
    program = bridge(cluster.url, "--drain", "100ms")
    program.wait_for_stderr("connected to")
    cluster.program.pause()
    publish_events(broker, "E_A", [{"n": 1}])
    assert program.stop(deadline=5) == 0
    # It may have been asked to stop before it has read the event.
    assert "acknowledged 0" in program.stderr
    cluster.program.resume()


def test_a_wrong_command_line_is_told_in_a_line(bridge, run_program, test_dir):
    skip_unless_bridge_knows("kafka://HOST", run_program)
    secret = test_dir / "secret"
    secret.write_text("t")
    wrong = {
        ("kafka://",): "with hosts",
        ("kafka://a,,b",): "with hosts",
        ("kafka://a/topic",): "--subject says which topic",
        ("kafka://a", "--subject", ""): "Kafka has to have a topic",
        ("kafka://a", "--subject", "a/{topic}"): "makes no topic of Kafka",
        ("kafka://a", "--subject", "x" * 250): "makes no topic of Kafka",
        ("kafka://a", "--set", "timeout=1ms"): "--set timeout is 1s to 1h",
        ("kafka://a", "--set", "max-message=1"): "--set max-message is 1000 bytes to 1GB",
        ("kafka://a", "--set", "compression=zip"): "--set compression is one of none, gzip",
        ("kafka://a", "--user", "me", "--password-file", secret, "--set", "sasl=GSSAPI"): "--set sasl is one of PLAIN",
        ("kafka://a", "--token-file", secret): "not by tokens and keys",
        ("kafka://a", "--password-file", secret): "Kafka wants a user for the password",
        ("kafka://a", "--user", "me"): "Kafka wants a password for user 'me'",
        ("kafka://me:secret@a",): "a password on the command line",
    }
    check_wrong_command_lines(bridge, wrong)


@pytest.mark.parametrize("compression", ["gzip", "snappy", "lz4", "zstd"])
def test_what_is_compressed_is_read_as_it_was(zevid, cluster, bridge, compression):
    publish_events(zevid(), "E_A", [{"n": n} for n in range(100)])
    assert bridge(cluster.url, "--set", f"compression={compression}", "--no-follow").wait() == 0
    assert numbers_in(cluster.reader("zevi.E_A").wait_for(100)) == list(range(100))
