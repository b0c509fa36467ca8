"""`zevi bridge to nats://...` with a real server: who it is, what the server refuses, and what a stream lacks."""

from __future__ import annotations

import json
import msgpack
import pytest
from bridge_bus import make_certificates, publish_events
from bridge_nats import NatsServer
from zevi_test import wait_until

#: The example of NATS's own documentation.
nkey_seed = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"
nkey_public = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"


@pytest.fixture
def nats(test_dir, run_program):
    """`nats(CONFIGURATION)` starts a server."""

    def start(configuration: str = "") -> NatsServer:
        (test_dir / "nats.conf").write_text(configuration)
        server = NatsServer(test_dir / "jetstream", run_program, "-c", test_dir / "nats.conf")
        server.start()
        return server

    return start


def test_it_shows_who_it_is_by_files_and_environment(zevid, nats, bridge, test_dir):
    publish_events(zevid(), "E_A", [{"n": 1}])
    server = nats('authorization { users: [{ user: "me", password: "s3cret" }] }')
    secret = test_dir / "secret"
    secret.write_text("s3cret\n")
    by_file = bridge(server.url, "--user", "me", "--password-file", secret, "--no-follow")
    assert by_file.wait() == 0
    url = server.url.replace("://", "://me@")
    by_environment = bridge(url, "--no-follow", env={"ZEVI_BRIDGE_PASSWORD": "s3cret"})
    assert by_environment.wait() == 0
    whole_url = {"ZEVI_BRIDGE_URL": server.url.replace("://", "://me:s3cret@")}
    by_url = bridge("", "--no-follow", env=whole_url)
    assert by_url.wait() == 0
    secret.write_text("wr0ng")
    wrong = bridge(server.url, "--user", "me", "--password-file", secret)
    wrong.wait_for_stderr("trying again")
    assert wrong.stop() == 0
    for program in (by_file, by_environment, by_url, wrong):
        assert "s3cret" not in program.stderr and "wr0ng" not in program.stderr


def test_it_shows_a_token_and_a_key(zevid, nats, bridge, test_dir):
    publish_events(zevid(), "E_A", [{"n": 1}])
    server = nats('authorization { token: "t0ken" }')
    assert bridge(server.url, "--no-follow", env={"ZEVI_BRIDGE_TOKEN": "t0ken"}).wait() == 0
    server.kill()
    server = nats(f"authorization {{ users: [{{ nkey: {nkey_public} }}] }}")
    (test_dir / "seed").write_text(nkey_seed)
    assert bridge(server.url, "--user", nkey_public, "--nkey-file", test_dir / "seed", "--no-follow").wait() == 0


def test_it_encrypts_and_checks_who_the_server_is(zevid, nats, bridge, test_dir):
    make_certificates(test_dir)
    publish_events(zevid(), "E_A", [{"n": 1}])
    server = nats(f'tls {{ cert_file: "{test_dir}/server.pem", key_file: "{test_dir}/server.key" }}')
    assert bridge(server.url, "--tls-ca", test_dir / "server.pem", "--no-follow").wait() == 0
    distrusting = bridge(server.url, "--tls-ca", test_dir / "stranger.pem")
    distrusting.wait_for_stderr("trying again")
    assert "connected" not in distrusting.stderr


def test_an_event_that_the_server_will_never_take_is_counted_and_holds_up_no_other(zevid, nats, bridge):
    publish_events(zevid(), "E_A", [{"n": 0}, {"n": 1, "text": "x" * 2000}, {"n": 2}])
    server = nats("max_payload: 1500")
    with server.client() as client:
        client.subscribe("zevi.>")
        client.flush()
        program = bridge(server.url, "--no-follow")
        assert program.wait() == 0
        assert [json.loads(m.payload)["params"]["n"] for m in client.messages()] == [0, 2]
    assert "read 3, acknowledged 2, resent 0, refused 1" in program.stderr
    assert "-E_A-2 was refused: it is larger than the server's max_payload" in program.stderr


def test_events_wait_for_the_stream_that_is_to_take_them(zevid, nats, bridge):
    publish_events(zevid(), "E_A", [{"n": n} for n in range(10)])
    server = nats()
    program = bridge(server.url, "--jetstream")
    program.wait_for_stderr("no stream takes such a subject")
    with server.client() as client:
        client.ask_jetstream("STREAM.CREATE.LATE", {"name": "LATE", "subjects": ["zevi.>"]})
        wait_until(lambda: client.ask_jetstream("STREAM.INFO.LATE")["state"]["messages"] == 10, what="the events")
    assert program.stop() == 0
    assert "acknowledged 10" in program.stderr


def test_a_stream_is_made_as_it_is_described_and_knows_repeats(zevid, nats, bridge):
    publish_events(zevid(), "E_A", [{"n": n} for n in range(10)])
    server = nats()
    settings = ["stream=CALLS", "stream-size=1MB", "stream-age=1h", "duplicates=5m"]
    for _ in range(2):
        program = bridge(server.url, "--no-follow", *[word for setting in settings for word in ("--set", setting)])
        assert program.wait() == 0
        assert "acknowledged 10" in program.stderr
    with server.client() as client:
        made = client.ask_jetstream("STREAM.INFO.CALLS")
    assert made["state"]["messages"] == 10
    config = made["config"]
    assert (config["subjects"], config["max_bytes"]) == (["zevi.>"], 1_000_000)
    assert (config["max_age"], config["duplicate_window"]) == (3600 * 10**9, 300 * 10**9)


def test_a_payload_can_be_msgpack(zevid, nats, bridge):
    publish_events(zevid(), "E_A", [{"n": 1, "bytes": b"\xff\x00"}])
    server = nats()
    with server.client() as client:
        client.subscribe("zevi.E_A")
        client.flush()
        assert bridge(server.url, "--payload", "msgpack", "--no-follow").wait() == 0
        [message] = client.messages()
    assert msgpack.unpackb(message.payload)["params"] == {"n": 1, "bytes": b"\xff\x00"}
