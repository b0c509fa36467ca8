"""`zevi bridge to mqtt://...` with a real server: who it is, what is refused, what is kept; and with one that says what a real one seldom does."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess

import msgpack
import pytest
from bridge_bus import check_wrong_command_lines, make_certificates, publish_events, skip_unless_bridge_knows
from bridge_mqtt import MosquittoServer
from zevi_test import RawPublisher, wait_until
from zevi_test.raw_mqtt import FakeMqttServer, maximum_qos, packet, puback, retain_available

session_seconds = 3600
quota_exceeded = 0x97


@pytest.fixture
def mosquitto(test_dir, run_program):
    """`mosquitto(CONFIGURATION)` starts a server."""

    def start(configuration: str = "allow_anonymous true\n") -> MosquittoServer:
        server = MosquittoServer(test_dir, run_program, configuration)
        server.start()
        return server

    return start


@pytest.fixture
def fake_server(run_program):
    """`fake_server(...)` is a `FakeMqttServer`, which ends with the test."""
    skip_unless_bridge_knows("mqtt://HOST", run_program)
    opened = []

    def start(*arguments, **how):
        opened.append(FakeMqttServer(*arguments, **how))
        return opened[-1]

    yield start
    for server in opened:
        server.close()


def number_of(message):
    return json.loads(message.payload)["params"]["n"]


class Reader:
    """What a client has got."""

    def __init__(self, client, topics="zevi/#", qos=0):
        self.client = client
        client.subscribe(topics, qos)
        self.seen = []

    def messages(self):
        self.seen += self.client.messages()
        return self.seen

    def wait_for(self, count):
        wait_until(lambda: len(self.messages()) >= count, what="the messages")
        return self.seen


def test_it_shows_who_it_is_by_files_and_environment(zevid, mosquitto, bridge, test_dir):
    if shutil.which("mosquitto_passwd") is None:
        pytest.skip("mosquitto_passwd is not installed")
    publish_events(zevid(), "E_A", [{"n": 1}])
    subprocess.run(["mosquitto_passwd", "-b", "-c", test_dir / "users", "me", "s3cret"], check=True, capture_output=True)
    server = mosquitto(f"allow_anonymous false\npassword_file {test_dir}/users\n")
    secret = test_dir / "secret"
    secret.write_text("s3cret\n")
    by_file = bridge(server.url, "--user", "me", "--password-file", secret, "--no-follow")
    assert by_file.wait() == 0
    by_environment = bridge(server.url.replace("://", "://me@"), "--no-follow", env={"ZEVI_BRIDGE_PASSWORD": "s3cret"})
    assert by_environment.wait() == 0
    whole_url = {"ZEVI_BRIDGE_URL": server.url.replace("://", "://me:s3cret@")}
    by_url = bridge("", "--no-follow", env=whole_url)
    assert by_url.wait() == 0
    secret.write_text("wr0ng")
    wrong = bridge(server.url, "--user", "me", "--password-file", secret)
    nobody = bridge(server.url)
    for program in (wrong, nobody):
        program.wait_for_stderr("the server does not let us in: Not authorized")
        assert program.stop() == 0
    for program in (by_file, by_environment, by_url, wrong):
        assert "s3cret" not in program.stderr and "wr0ng" not in program.stderr


def test_it_encrypts_shows_a_certificate_and_checks_who_the_server_is(zevid, mosquitto, bridge, test_dir):
    make_certificates(test_dir)
    publish_events(zevid(), "E_A", [{"n": n, "text": "x" * 1000} for n in range(3000)])
    server = mosquitto(
        f"allow_anonymous true\ncafile {test_dir}/server.pem\ncertfile {test_dir}/server.pem\n"
        f"keyfile {test_dir}/server.key\nrequire_certificate true\n"
    )
    url = server.url.replace("mqtt", "mqtts")
    own = ("--tls-cert", test_dir / "server.pem", "--tls-key", test_dir / "server.key")
    for delivery in ("qos=1", "qos=0"):
        program = bridge(url, "--tls-ca", test_dir / "server.pem", *own, "--set", delivery, "--no-follow")
        assert program.wait() == 0
        assert "acknowledged 3000, resent 0" in program.stderr
    distrusting = bridge(url, "--tls-ca", test_dir / "stranger.pem", *own)
    distrusting.wait_for_stderr("TLS: self-signed certificate")
    other_name = bridge(url.replace("127.0.0.1", "localhost"), "--tls-ca", test_dir / "server.pem", *own)
    other_name.wait_for_stderr("TLS: hostname mismatch")
    without_certificate = bridge(url, "--tls-ca", test_dir / "server.pem")
    without_certificate.wait_for_stderr("trying again")
    without_tls = bridge(server.url)
    without_tls.wait_for_stderr("the server has closed the connection")
    for refusing in (distrusting, other_name, without_certificate, without_tls):
        assert refusing.stop() == 0
        assert "connected" not in refusing.stderr


@pytest.mark.parametrize("limit", ["message_size_limit 1500", "max_packet_size 1500"])
def test_an_event_that_is_too_large_is_counted_and_holds_up_no_other(zevid, mosquitto, bridge, limit):
    publish_events(zevid(), "E_A", [{"n": 0}, {"n": 1, "text": "x" * 2000}, {"n": 2}])
    server = mosquitto(f"{limit}\nallow_anonymous true\n")
    with server.client() as client:
        reader = Reader(client)
        program = bridge(server.url, "--no-follow")
        assert program.wait() == 0
        assert [number_of(message) for message in reader.wait_for(2)] == [0, 2]
    # By message_size_limit mosquitto 2.0.11 ends the connection too, behind its answer.
    assert "read 3, acknowledged 2" in program.stderr and "refused 1" in program.stderr
    assert "was refused: " in program.stderr


def test_an_event_that_the_server_does_not_allow_is_counted(zevid, mosquitto, bridge, test_dir):
    broker = zevid()
    publish_events(broker, "E_A", [{"n": 0}, {"n": 1}])
    publish_events(broker, "E_SECRET", [{"n": 2}])
    (test_dir / "rules").write_text("topic read #\ntopic write zevi/E_A\n")
    server = mosquitto(f"acl_file {test_dir}/rules\nallow_anonymous true\n")
    with server.client() as client:
        reader = Reader(client)
        program = bridge(server.url, "--topic", "E_SECRET", "--no-follow")
        assert program.wait() == 0
        assert [number_of(message) for message in reader.wait_for(2)] == [0, 1]
    assert "read 3, acknowledged 2, resent 0, refused 1" in program.stderr
    assert "was refused: Not authorized" in program.stderr


def test_nobody_who_listens_counts_as_arrived(zevid, mosquitto, bridge):
    publish_events(zevid(), "E_A", [{"n": n} for n in range(100)])
    program = bridge(mosquitto().url, "--no-follow")
    assert program.wait() == 0
    assert "read 100, acknowledged 100, resent 0, refused 0" in program.stderr


def test_events_keep_their_order_where_the_server_takes_one_at_a_time(zevid, mosquitto, bridge):
    publish_events(zevid(), "E_A", [{"n": n} for n in range(2000)])
    server = mosquitto("max_inflight_messages 1\nallow_anonymous true\n")
    with server.client() as client:
        reader = Reader(client)
        program = bridge(server.url, "--no-follow")
        assert program.wait() == 0
        assert [number_of(message) for message in reader.wait_for(2000)] == list(range(2000))
    assert "acknowledged 2000, resent 0" in program.stderr and "connections 1" in program.stderr


def test_what_a_killed_server_has_not_read_comes_to_the_next_one_in_order(zevid, mosquitto, bridge, test_dir):
    broker = zevid()
    server = mosquitto(f"persistence true\npersistence_location {test_dir}/\nallow_anonymous true\n")
    with server.client(client_id="reader", expires_in=session_seconds) as client:
        client.subscribe("zevi/#", qos=1)
    server.stop()  # which stores the session
    server.start()
    program = bridge(server.url)
    program.wait_for_stderr("connected")
    server.pause()
    publish_events(broker, "E_A", [{"n": n} for n in range(1000)])
    server.kill()
    program.wait_for_stderr("trying again")
    server.start()
    program.wait_for_stderr("connected again")
    with server.client(client_id="reader", expires_in=session_seconds) as client:
        seen = []
        wait_until(lambda: seen.extend(client.messages()) or len(seen) >= 1000, what="the events")
        assert [number_of(message) for message in seen] == list(range(1000))
    assert program.stop() == 0
    assert "acknowledged 1000" in program.stderr and "refused 0" in program.stderr


def test_what_the_server_will_take_later_comes_again_with_all_behind_it(zevid, fake_server, bridge):
    publish_events(zevid(), "E_A", [{"n": n} for n in range(100)])
    refusals = [quota_exceeded, quota_exceeded]
    server = fake_server(lambda message: refusals.pop() if number_of(message) == 50 and refusals else 0)
    program = bridge(server.url, "--no-follow")
    assert program.wait() == 0
    assert "the server does not take it now: Quota exceeded" in program.stderr
    assert "read 100, acknowledged 100" in program.stderr and "refused 0" in program.stderr
    numbers = [number_of(message) for message in server.messages]
    last = len(numbers) - numbers[::-1].index(50) - 1
    assert numbers[:51] == list(range(51)) and numbers[last:] == list(range(50, 100))


def test_without_acknowledgements_an_event_has_arrived_when_the_server_has_read_it(zevid, fake_server, bridge):
    publish_events(zevid(), "E_A", [{"n": n} for n in range(100)])
    deaf = fake_server(answers_questions=False)
    program = bridge(deaf.url, "--set", "qos=0", "--drain", "1ms")
    wait_until(lambda: len(deaf.messages) == 100, what="the messages")
    assert program.stop() == 0
    assert "read 100, acknowledged 0" in program.stderr and "100 events not acknowledged" in program.stderr
    server = fake_server()
    program = bridge(server.url, "--set", "qos=0", "--no-follow")
    assert program.wait() == 0
    assert "read 100, acknowledged 100" in program.stderr
    assert [(message.qos, number_of(message)) for message in server.messages] == [(0, n) for n in range(100)]


def test_the_server_keeps_the_last_event_of_each_topic_if_it_is_told_to(zevid, mosquitto, bridge):
    publish_events(zevid(), "E_A", [{"n": n} for n in range(10)])
    server = mosquitto()
    assert bridge(server.url, "--no-follow").wait() == 0
    assert bridge(server.url, "--subject", "kept/{topic}", "--set", "retain=on", "--no-follow").wait() == 0
    with server.client() as client:
        [message] = Reader(client, "#").wait_for(1)
    assert (message.topic, message.retain, number_of(message)) == ("kept/E_A", True, 9)


def test_a_server_that_cannot_do_what_is_asked_is_told(zevid, fake_server, bridge):
    publish_events(zevid(), "E_A", [{"n": 1}])
    for setting, properties, words in (
        ("qos=1", bytes([maximum_qos, 0]), "the server acknowledges nothing; say --set qos=0"),
        ("retain=on", bytes([retain_available, 0]), "the server retains nothing"),
    ):
        server = fake_server(properties=properties)
        program = bridge(server.url, "--set", setting)
        program.wait_for_stderr(words)
        assert program.stop() == 0
        assert server.messages == []


def test_a_server_of_an_older_mqtt_is_told(fake_server, bridge):
    program = bridge(fake_server(greeting=b"\x20\x02\x00\x01").url)
    program.wait_for_stderr("the server does not let us in: Unsupported Protocol Version")
    assert program.stop() == 0


@pytest.mark.parametrize(
    "greeting",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\xff" * 1000,
        b"\x20\xff\xff\xff\x7f",
        b"\x20\x03\x00\x00\x05",
        b"\x20\x03\x00\x00\x00" + b"\x30\x02\xff\xff",
    ],
)
def test_a_server_that_speaks_nonsense_is_left_and_tried_again(fake_server, bridge, greeting):
    server = fake_server(greeting=greeting)
    program = bridge(server.url)
    wait_until(lambda: server.connections >= 2, what="another attempt")
    assert program.stop() == 0
    assert "trying again" in program.stderr


def test_acknowledgements_of_what_was_not_sent_are_nothing(zevid, fake_server, bridge):
    publish_events(zevid(), "E_A", [{"n": 1}])
    invented = b"".join(packet(puback, struct.pack("!HB", number, 0)) for number in range(1, 100))
    server = fake_server(lambda message: None, greeting=b"\x20\x03\x00\x00\x00" + invented)
    program = bridge(server.url, "--drain", "1ms")
    wait_until(lambda: server.messages, what="the event")
    assert program.stop() == 0
    assert "read 1, acknowledged 0" in program.stderr


def test_a_server_that_says_nothing_is_left_after_two_seconds(fake_server, bridge):
    program = bridge(fake_server(greeting=b"").url)
    program.wait_for_stderr("no answer within two seconds")
    assert program.stop() == 0


def test_names_of_others_choose_no_topic_and_headers_are_text(zevid, mosquitto, bridge):
    broker = zevid()
    with RawPublisher(broker.ingress, src="$SYS/+#é\x85") as publisher:
        publisher.open()
        publisher.expect_ack(publisher.events("E_A", [{"n": 1, "bytes": b"\xff\x00"}]))
    server = mosquitto()
    with server.client() as client:
        reader = Reader(client)
        assert bridge(server.url, "--subject", "zevi/{src}/{topic}", "--payload", "msgpack", "--no-follow").wait() == 0
        [message] = reader.wait_for(1)
    assert message.topic == "zevi/_SYS_______/E_A"
    assert msgpack.unpackb(message.payload)["params"] == {"n": 1, "bytes": b"\xff\x00"}
    assert message.properties["Zevi-Source"] == "$SYS/+#____"
    assert {"Zevi-Id", "Zevi-Topic", "Zevi-Q", "Zevi-Epoch", "Zevi-Time", "Zevi-Host", "Zevi-Origin"} <= set(message.properties)


def test_a_wrong_command_line_is_told_in_a_line(bridge, run_program, test_dir):
    skip_unless_bridge_knows("mqtt://HOST", run_program)
    secret = test_dir / "secret"
    secret.write_text("t")
    wrong = {
        ("mqtt://",): "with a host",
        ("mqtt://a,b",): "with one host",
        ("mqtt://a:x",): "with a number as the port",
        ("mqtt://a:70000",): "with a number as the port",
        ("mqtt://a/topic",): "--subject says where to",
        ("mqtt://a", "--subject", "a/+/{topic}"): "+ and # are for those who read",
        ("mqtt://a", "--subject", ""): "MQTT has to have a topic",
        ("mqtt://a", "--set", "qos=2"): "--set qos is 0 or 1, not '2'",
        ("mqtt://a", "--set", "retain=yes"): "--set retain is on or off, not 'yes'",
        ("mqtt://a", "--set", "keepalive=1s"): "--set keepalive is 5s to 65535s",
        ("mqtt://a", "--token-file", secret): "not by tokens and keys",
        ("mqtt://a", "--password-file", secret): "MQTT wants a user for the password",
    }
    check_wrong_command_lines(bridge, wrong)


def test_a_port_that_nobody_listens_at_is_told(bridge, mosquitto):
    server = mosquitto()
    server.kill()
    for scheme in ("mqtt", "mqtts"):
        program = bridge(server.url.replace("mqtt", scheme))
        program.wait_for_stderr(f"cannot connect to 127.0.0.1:{server.port}: Connection refused")
        assert program.stop() == 0
