"""`zevi bridge to redis://...` with a real server: who it is, how long a stream gets, and what the server does not take."""

from __future__ import annotations

import msgpack
from bridge_bus import check_wrong_command_lines, make_certificates, publish_events
from bridge_redis import redis  # noqa: F401
from zevi_test import free_port, wait_until


def numbers_in(client, stream="zevi:E_A"):
    return [int(fields[b"Zevi-Q"]) - 1 for _, fields in client.xrange(stream)]


def test_it_shows_who_it_is_by_files_and_environment(zevid, redis, bridge, test_dir):
    publish_events(zevid(), "E_A", [{"n": 1}])
    server = redis("--user", "me", "on", ">s3cret", "~zevi:*", "+@all", "--user", "default", "on", ">h1dden", "~*", "+@all")
    secret = test_dir / "secret"
    secret.write_text("s3cret\n")
    by_file = bridge(server.url, "--user", "me", "--password-file", secret, "--no-follow")
    assert by_file.wait() == 0
    without_user = bridge(server.url, "--no-follow", env={"ZEVI_BRIDGE_PASSWORD": "h1dden"})
    assert without_user.wait() == 0
    whole_url = {"ZEVI_BRIDGE_URL": server.url.replace("://", "://me:s3cret@")}
    by_url = bridge("", "--no-follow", env=whole_url)
    assert by_url.wait() == 0
    secret.write_text("wr0ng")
    wrong = bridge(server.url, "--user", "me", "--password-file", secret)
    wrong.wait_for_stderr("cannot log in: WRONGPASS")
    assert wrong.stop() == 0
    nobody = bridge(server.url)
    nobody.wait_for_stderr("cannot log in: NOAUTH")
    assert nobody.stop() == 0
    for program in (by_file, without_user, by_url, wrong):
        assert not any(word in program.stderr for word in ("s3cret", "h1dden", "wr0ng"))
    assert len(numbers_in(server.client(username="me", password="s3cret"))) == 3


def test_it_encrypts_and_checks_who_the_server_is(zevid, redis, bridge, test_dir):
    make_certificates(test_dir)
    publish_events(zevid(), "E_A", [{"n": n, "text": "x" * 1000} for n in range(3000)])
    port = free_port()
    redis(
        "--tls-port", port, "--tls-cert-file", test_dir / "server.pem", "--tls-key-file", test_dir / "server.key",
        "--tls-ca-cert-file", test_dir / "server.pem",
    )  # fmt: skip
    url = f"rediss://127.0.0.1:{port}"
    own = ("--tls-cert", test_dir / "server.pem", "--tls-key", test_dir / "server.key")
    program = bridge(url, "--tls-ca", test_dir / "server.pem", *own, "--no-follow")
    assert program.wait() == 0
    assert "acknowledged 3000, resent 0" in program.stderr
    distrusting = bridge(url, "--tls-ca", test_dir / "stranger.pem", *own)
    distrusting.wait_for_stderr("self-signed certificate")
    other_name = bridge(url.replace("127.0.0.1", "localhost"), "--tls-ca", test_dir / "server.pem", *own)
    other_name.wait_for_stderr("hostname mismatch")
    for refusing in (distrusting, other_name):
        assert refusing.stop() == 0
        assert "connected" not in refusing.stderr


def test_events_wait_in_order_while_the_server_is_full(zevid, redis, bridge):
    broker = zevid()
    publish_events(broker, "E_A", [{"n": n} for n in range(3000)])
    server = redis()
    client = server.client()
    client.config_set("maxmemory", 1)
    program = bridge(server.url)
    program.wait_for_stderr("Redis does not take it: OOM")
    client.config_set("maxmemory", 0)
    wait_until(lambda: client.xlen("zevi:E_A") == 3000, what="the events")
    assert program.stop() == 0
    assert "acknowledged 3000" in program.stderr and "refused 0" in program.stderr
    assert numbers_in(client) == list(range(3000))


def test_a_key_that_is_no_stream_is_told_and_loses_nothing(zevid, redis, bridge):
    publish_events(zevid(), "E_A", [{"n": 0}, {"n": 1}])
    server = redis()
    client = server.client()
    client.set("zevi:E_A", "mine")
    program = bridge(server.url)
    program.wait_for_stderr("Redis does not take it: WRONGTYPE")
    client.delete("zevi:E_A")
    wait_until(lambda: client.xlen("zevi:E_A") == 2, what="the events")
    assert program.stop() == 0


def test_a_stream_is_kept_at_about_the_length_that_it_is_given(zevid, redis, bridge):
    publish_events(zevid(), "E_A", [{"n": n} for n in range(3000)])
    server = redis()
    program = bridge(server.url, "--set", "maxlen=500", "--no-follow")
    assert program.wait() == 0
    assert "acknowledged 3000" in program.stderr
    # Redis drops whole nodes, of a hundred entries.
    assert 500 <= server.client().xlen("zevi:E_A") < 700
    assert numbers_in(server.client())[-1] == 2999


def test_a_database_is_chosen_and_a_payload_can_be_msgpack(zevid, redis, bridge):
    publish_events(zevid(), "E_A", [{"n": 1, "bytes": b"\xff\x00"}])
    server = redis()
    assert bridge(f"{server.url}/3", "--payload", "msgpack", "--no-follow").wait() == 0
    [(_, fields)] = server.client(db=3).xrange("zevi:E_A")
    assert msgpack.unpackb(fields[b"payload"])["params"] == {"n": 1, "bytes": b"\xff\x00"}
    assert {b"Zevi-Id", b"Zevi-Topic", b"Zevi-Epoch", b"Zevi-Time", b"Zevi-Source", b"Zevi-Host"} <= set(fields)


def test_a_wrong_command_line_is_told_in_a_line(bridge, redis, test_dir):
    redis()  # a build without Redis is skipped
    secret = test_dir / "secret"
    secret.write_text("t")
    wrong = {
        ("redis://",): "with a host",
        ("redis://a,b",): "with one host",
        ("redis://a:x",): "with a number as the port",
        ("redis://a/x",): "with a number as the database",
        ("redis://a", "--set", "maxlen=many"): "--set maxlen is a number, not 'many'",
        ("redis://a", "--token-file", secret): "not by tokens and keys",
        ("redis://me@a",): "Redis wants a password for user 'me'",
    }
    check_wrong_command_lines(bridge, wrong)
