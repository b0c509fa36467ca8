"""`zevi bridge to amqp://...` with a real server: who it is, what no queue takes, and what the server does not take."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import threading
from typing import List

import msgpack
import pytest
from bridge_bus import check_wrong_command_lines, make_certificates, publish_events, skip_unless_bridge_knows
from bridge_rabbitmq import Queue, RabbitmqServer, rabbitmq, shared_rabbitmq  # noqa: F401
from zevi_test import RawPublisher, free_port, wait_until

#: Of the server that tests share.
rabbitmq_configuration = "frame_max = 4096\nmax_message_size = 40000\n"


@pytest.fixture
def own_rabbitmq(test_dir, run_program):
    """`own_rabbitmq(CONFIGURATION)` starts a server."""

    def start(configuration: str) -> RabbitmqServer:
        server = RabbitmqServer(test_dir, run_program, configuration)
        server.start()
        return server

    return start


def test_it_shows_who_it_is_by_files_and_environment(zevid, own_rabbitmq, bridge, test_dir):
    publish_events(zevid(), "E_A", [{"n": 1}])
    server = own_rabbitmq("default_user = me\ndefault_pass = s3cret\ndefault_vhost = sales/eu\n")
    queue = Queue(server.channel("me", "s3cret", "sales/eu"))
    url = server.url + "/sales%2Feu"
    secret = test_dir / "secret"
    secret.write_text("s3cret\n")
    by_file = bridge(url, "--user", "me", "--password-file", secret, "--no-follow")
    by_environment = bridge(url.replace("://", "://me@"), "--no-follow", env={"ZEVI_BRIDGE_PASSWORD": "s3cret"})
    by_url = bridge("", "--no-follow", env={"ZEVI_BRIDGE_URL": url.replace("://", "://me:s3cret@")})
    for program in (by_file, by_environment, by_url):
        assert program.wait() == 0
    assert queue.numbers() == [1, 1, 1]
    secret.write_text("wr0ng")
    wrong = bridge(url, "--user", "me", "--password-file", secret)
    nobody = bridge(url)
    for program in (wrong, nobody):
        program.wait_for_stderr("cannot log in: ACCESS_REFUSED")
        assert program.stop() == 0
    elsewhere = bridge(server.url + "/nowhere", "--user", "me", env={"ZEVI_BRIDGE_PASSWORD": "s3cret"})
    elsewhere.wait_for_stderr("cannot open the virtual host 'nowhere': NOT_ALLOWED")
    assert elsewhere.stop() == 0
    for program in (by_file, by_environment, by_url, wrong, elsewhere):
        assert "s3cret" not in program.stderr and "wr0ng" not in program.stderr


def make_client_certificate(directory):
    """`client.pem`, signed by `ca.key`: the server takes none that is signed by itself."""

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=directory)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *key, "-days", "2", "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", *key, "-subj", "/CN=client", "-keyout", "client.key", "-out", "client.csr")
    openssl("x509", "-req", "-in", "client.csr", "-days", "2", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "client.pem")


def test_it_encrypts_shows_a_certificate_and_checks_who_the_server_is(zevid, own_rabbitmq, bridge, test_dir):
    make_certificates(test_dir)
    make_client_certificate(test_dir)
    publish_events(zevid(), "E_A", [{"n": n, "text": "x" * 1000} for n in range(3000)])
    port = free_port()
    server = own_rabbitmq(
        f"listeners.ssl.1 = 127.0.0.1:{port}\nssl_options.cacertfile = {test_dir}/ca.pem\n"
        f"ssl_options.certfile = {test_dir}/server.pem\nssl_options.keyfile = {test_dir}/server.key\n"
        "ssl_options.verify = verify_peer\nssl_options.fail_if_no_peer_cert = true\n"
    )
    queue = Queue(server.channel())
    url = f"amqps://127.0.0.1:{port}"
    own = ("--tls-cert", test_dir / "client.pem", "--tls-key", test_dir / "client.key")
    program = bridge(url, "--tls-ca", test_dir / "server.pem", *own, "--no-follow")
    assert program.wait() == 0
    assert "acknowledged 3000, resent 0" in program.stderr
    assert queue.numbers() == list(range(3000))
    distrusting = bridge(url, "--tls-ca", test_dir / "stranger.pem", *own)
    distrusting.wait_for_stderr("self-signed certificate")
    other_name = bridge(url.replace("127.0.0.1", "localhost"), "--tls-ca", test_dir / "server.pem", *own)
    other_name.wait_for_stderr("hostname mismatch")
    without_certificate = bridge(url, "--tls-ca", test_dir / "server.pem")
    without_certificate.wait_for_stderr("trying again")
    for refusing in (distrusting, other_name, without_certificate):
        assert refusing.stop() == 0
        assert "connected" not in refusing.stderr


def test_messages_are_kept_and_say_what_they_are_in_frames_of_any_size(zevid, rabbitmq, bridge):
    broker = zevid()
    with RawPublisher(broker.ingress, src="a.*#\t\x85é") as publisher:
        publisher.open()
        publisher.expect_ack(publisher.events("E_A", [{"n": 1, "bytes": b"\xff\x00", "text": "x" * 30000}]))
    queue = Queue(rabbitmq.channel(), key="mine.#")
    assert bridge(rabbitmq.url, "--subject", "mine.{src}.{topic}", "--payload", "msgpack", "--no-follow").wait() == 0
    assert bridge(rabbitmq.url, "--subject", "mine.{topic}", "--no-follow").wait() == 0
    [(how, properties, payload), (_, of_json, json_payload)] = queue.messages()
    event = msgpack.unpackb(payload)
    assert how.routing_key.startswith("mine.a____") and how.routing_key.endswith(".E_A")
    assert event["params"] == {"n": 1, "bytes": b"\xff\x00", "text": "x" * 30000}
    assert (properties.content_type, of_json.content_type) == ("application/msgpack", "application/json")
    assert (properties.delivery_mode, properties.app_id) == (2, "zevi")
    assert properties.message_id == of_json.message_id == event["id"] == json.loads(json_payload)["id"]
    headers = properties.headers
    assert (headers["Zevi-Topic"], headers["Zevi-Q"], headers["Zevi-Epoch"]) == ("E_A", "1", str(event["epoch"]))
    assert headers["Zevi-Time"] == str(event["time_ns"]) and headers["Zevi-Id"] == event["id"]
    assert {"Zevi-Source", "Zevi-Host", "Zevi-Origin"} <= set(headers)


def test_what_no_queue_takes_is_counted_or_waits_or_is_nobodys(zevid, rabbitmq, bridge):
    broker = zevid()
    publish_events(broker, "E_A", [{"n": n} for n in range(500)])
    publish_events(broker, "E_B", [{"n": n} for n in range(500)])
    channel = rabbitmq.channel()
    taken = Queue(channel, "a", key="zevi.E_A")
    counting = bridge(rabbitmq.url, "--topic", "E_B", "--no-follow")
    assert counting.wait() == 0
    assert "read 1000, acknowledged 500, resent 0, refused 500" in counting.stderr
    assert "was refused: no queue is bound to exchange 'amq.topic' for routing key 'zevi.E_B'" in counting.stderr
    assert counting.stderr.count("was refused") < 10
    ignoring = bridge(rabbitmq.url, "--topic", "E_B", "--set", "unrouted=ignore", "--no-follow")
    assert ignoring.wait() == 0
    assert "read 1000, acknowledged 1000" in ignoring.stderr
    assert taken.numbers() == 2 * list(range(500))
    waiting = bridge(rabbitmq.url, "--topic", "E_B", "--set", "unrouted=wait", "--no-follow")
    waiting.wait_for_stderr("no queue is bound to exchange 'amq.topic' for routing key 'zevi.E_B'; trying again")
    missed = Queue(channel, "b", key="zevi.E_B")
    assert waiting.wait() == 0
    assert "acknowledged 1000" in waiting.stderr and "refused 0" in waiting.stderr
    assert missed.numbers()[-500:] == list(range(500))


def test_an_exchange_that_is_missing_or_goes_away_is_told_and_loses_nothing(zevid, rabbitmq, bridge):
    broker = zevid()
    publish_events(broker, "E_A", [{"n": 0}])
    channel = rabbitmq.channel()
    program = bridge(rabbitmq.url, "--set", "exchange=mine")
    program.wait_for_stderr("there is no exchange 'mine': make it in RabbitMQ, or name another by --set exchange")
    channel.exchange_declare("mine", "fanout")
    queue = Queue(channel, exchange="mine")
    program.wait_for_stderr("connected")
    channel.exchange_delete("mine")
    publish_events(broker, "E_A", [{"n": 1}])
    wait_until(lambda: program.stderr.count("there is no exchange 'mine'") == 2, what="the line")
    channel.exchange_declare("mine", "fanout")
    channel.queue_bind(queue.name, "mine")
    seen = []
    wait_until(lambda: seen.extend(queue.numbers()) or len(seen) >= 2, what="the events")
    assert seen == [0, 1]
    assert program.stop() == 0
    # The exchange without a name takes the routing key for a queue.
    assert bridge(rabbitmq.url, "--set", "exchange=", "--subject", queue.name, "--no-follow").wait() == 0
    assert queue.numbers() == [0, 1]


def test_events_come_in_order_to_a_queue_that_refuses_while_it_is_full(zevid, rabbitmq, bridge):
    publish_events(zevid(), "E_A", [{"n": n} for n in range(300)])
    queue = Queue(rabbitmq.channel(), x_max_length=100, x_overflow="reject-publish")
    program = bridge(rabbitmq.url, "--no-follow")
    program.wait_for_stderr("RabbitMQ does not take it now (basic.nack)")
    seen = []
    wait_until(lambda: seen.extend(queue.numbers()) or not program.running(), what="the end")
    seen += queue.numbers()
    # What it took behind one that it refused has come again behind that one.
    assert sorted(set(seen), key=lambda n: len(seen) - seen[::-1].index(n)) == list(range(300))
    assert "acknowledged 300" in program.stderr and "refused 0" in program.stderr


def test_an_event_that_is_too_large_or_has_too_long_a_key_is_counted_and_holds_up_no_other(zevid, rabbitmq, bridge):
    publish_events(zevid(), "E_A", [{"n": 0}, {"n": 1, "text": "x" * 50000}, {"n": 2}])
    queue = Queue(rabbitmq.channel())
    program = bridge(rabbitmq.url, "--no-follow")
    assert program.wait() == 0
    assert "acknowledged 2" in program.stderr and "refused 1" in program.stderr
    assert "was refused: it is larger than the server's max_message_size" in program.stderr
    assert list(dict.fromkeys(queue.numbers())) == [0, 2]
    long = bridge(rabbitmq.url, "--subject", "zevi." + "x" * 251, "--no-follow")
    assert long.wait() == 0
    assert "acknowledged 0" in long.stderr and "its routing key is longer than 255 bytes" in long.stderr


def test_a_server_short_of_memory_is_waited_for_on_the_same_connection(zevid, rabbitmq, bridge):
    publish_events(zevid(), "E_A", [{"n": n} for n in range(3000)])
    queue = Queue(rabbitmq.channel())
    rabbitmq.control("set_vm_memory_high_watermark", "absolute", "1MB")
    program = bridge(rabbitmq.url)
    program.wait_for_stderr("RabbitMQ takes nothing for now: low on memory; waiting")
    rabbitmq.control("set_vm_memory_high_watermark", "0.9")
    program.wait_for_stderr("takes events again")
    seen = []
    wait_until(lambda: seen.extend(queue.numbers()) or len(seen) >= 3000, what="the events")
    assert seen == list(range(3000))
    assert program.stop() == 0
    assert "acknowledged 3000, resent 0" in program.stderr and "connections 1" in program.stderr


def test_a_server_that_falls_silent_is_given_up(zevid, rabbitmq, bridge):
    broker = zevid()
    queue = Queue(rabbitmq.channel())
    program = bridge(rabbitmq.url, "--set", "heartbeat=5s")
    publish_events(broker, "E_A", [{"n": 0}])
    wait_until(lambda: queue.numbers() == [0], what="the event")
    rabbitmq.pause()
    publish_events(broker, "E_A", [{"n": 1}])
    program.wait_for_stderr("the server has said nothing for twice the time of --set heartbeat")
    rabbitmq.resume()
    program.wait_for_stderr("connected again")
    seen = []
    wait_until(lambda: seen.extend(queue.numbers()) or 1 in seen, what="the event")
    assert program.stop() == 0
    assert "acknowledged 2" in program.stderr


class GreetingServer:
    """Says the same to everybody who comes, and hears nothing."""

    def __init__(self, greeting: bytes) -> None:
        self.connections = 0
        self._greeting = greeting
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: List[socket.socket] = []

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
                self._open.append(peer)
                self.connections += 1
                peer.sendall(self._greeting)
            except OSError:
                return

    def __enter__(self) -> "GreetingServer":
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        for peer in self._open:
            peer.close()


def frame(kind: int, channel: int, payload: bytes) -> bytes:
    return struct.pack("!BHI", kind, channel, len(payload)) + payload + b"\xce"


@pytest.mark.parametrize(
    "greeting, words",
    [
        (b"AMQP\x00\x01\x00\x00", "the server speaks another AMQP than 0-9-1"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "the server does not speak AMQP 0-9-1"),
        (b"\xff" * 1000, "the server does not speak AMQP 0-9-1"),
        (frame(1, 0, b"\x00\x0a\x00\x0a" + b"\xff" * 100), "the server does not speak AMQP 0-9-1"),
        (frame(1, 0, b"\x00\x0a\x00\x3d"), "the server does not speak as RabbitMQ does"),
        (b"", "no answer within two seconds"),
    ],
    ids=["another AMQP", "HTTP", "bytes", "a broken method", "another method", "nothing"],
)
def test_a_server_that_speaks_something_else_is_left_and_tried_again(bridge, run_program, greeting, words):
    skip_unless_bridge_knows("amqp://HOST", run_program)
    with GreetingServer(greeting) as server:
        program = bridge(f"amqp://127.0.0.1:{server.port}")
        program.wait_for_stderr(words)
        wait_until(lambda: server.connections >= 2, what="another attempt")
        assert program.stop() == 0


def test_a_wrong_command_line_is_told_in_a_line(bridge, run_program, test_dir):
    skip_unless_bridge_knows("amqp://HOST", run_program)
    secret = test_dir / "secret"
    secret.write_text("t")
    wrong = {
        ("amqp://",): "with a host",
        ("amqp://a,b",): "with one host",
        ("amqp://a:x",): "with a number as the port",
        ("amqp://a:70000",): "with a number as the port",
        ("amqp://a/b/c",): "with %2F for a slash",
        ("amqp://a", "--set", "unrouted=lose"): "--set unrouted is count, wait or ignore, not 'lose'",
        ("amqp://a", "--set", "heartbeat=1s"): "--set heartbeat is 5s to 65535s",
        ("amqp://a", "--set", "exchange=" + "x" * 256): "--set exchange is a name of 255 bytes at most",
        ("amqp://a", "--token-file", secret): "not by tokens and keys",
        ("amqp://a", "--password-file", secret): "RabbitMQ wants a user for the password",
        ("amqp://a", "--user", "me"): "RabbitMQ wants a password for user 'me'",
    }
    check_wrong_command_lines(bridge, wrong)
