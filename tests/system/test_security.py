"""Who may connect, and what for."""

import os
import socket
import stat

import pytest
import zevi
import zmq
from zmq.auth import create_certificates, load_certificate

from zevi_test import RawControl, RawPublisher, RawReader, RawSubscriber, another_user, is_admitted, wait_until

NOBODY = 65534
KINDS = {
    "publish": [("ingress", zmq.DEALER)],
    "subscribe": [("stream", zmq.SUB), ("events", zmq.SUB)],
    "replay": [("replay", zmq.DEALER)],
    "control": [("control", zmq.DEALER)],
}

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


@pytest.fixture
def access(test_dir):
    """`access(LINE...)` writes an access list and gives its path."""
    path = test_dir / "access"

    def write(*lines):
        path.write_text("# who may do what\n\n" + "".join(f"{line}\n" for line in lines))
        return path

    return write


@pytest.fixture
def open_to_all(test_dir, runtime_dir):
    """Everyone of this machine can open the sockets, so that the access list alone decides."""
    test_dir.chmod(0o711)
    runtime_dir.chmod(0o711)
    return ("--socket-mode", "0666")


def admitted_roles(broker):
    return {
        role: [is_admitted(kind, broker.endpoint(name)) for name, kind in endpoints] for role, endpoints in KINDS.items()
    }


@needs_root
@pytest.mark.parametrize("role", KINDS)
def test_a_user_gets_in_where_its_role_lets_it_and_nowhere_else(zevid, access, open_to_all, role):
    broker = zevid(*open_to_all, "--access", access(f"uid={NOBODY} {role}"))
    with another_user(NOBODY, NOBODY):
        admitted = admitted_roles(broker)
    assert admitted == {name: [name == role] * len(endpoints) for name, endpoints in KINDS.items()}
    assert broker.stopped_counters()["peers_refused"] >= 5 - len(KINDS[role])
    assert f"refused a connection from uid={NOBODY} gid={NOBODY}: the access list does not let it" in broker.stderr


@needs_root
def test_a_peer_of_an_old_protocol_which_cannot_say_who_it_is_is_not_let_in(zevid, access, open_to_all):
    broker = zevid(*open_to_all, "--access", access("anyone subscribe"))
    for greeting in (b"\x01\x00", b"\xff" + bytes(7) + b"\x01\x7f\x01\x02\x00\x00"):  # ZMTP 1.0 and 2.0, of a SUB
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(20)
            peer.connect(str(broker.runtime_dir / "stream"))
            peer.sendall(greeting)
            try:
                while peer.recv(4096):
                    pass
            except ConnectionError:
                pass


@needs_root
def test_a_group_is_known_by_the_kernels_word_and_everyone_by_none(zevid, access, open_to_all):
    broker = zevid(*open_to_all, "--access", access("gid=4242 publish", "anyone subscribe"))
    with another_user(NOBODY, 4242):
        of_group = admitted_roles(broker)
    with another_user(NOBODY, 4243):
        of_none = admitted_roles(broker)
    assert of_group == {"publish": [True], "subscribe": [True, True], "replay": [False], "control": [False]}
    assert of_none == {"publish": [False], "subscribe": [True, True], "replay": [False], "control": [False]}


@needs_root
def test_a_publisher_is_told_which_of_its_topics_are_not_its_own_and_the_others_lose_nothing(zevid, access, open_to_all):
    broker = zevid(*open_to_all, "--access", access(f"uid={NOBODY} publish E_MINE_"))
    with RawSubscriber(broker.stream, [""]) as subscriber, another_user(NOBODY, NOBODY):
        publisher = RawPublisher(broker.ingress)
        with publisher.open():
            publisher.events("E_MINE_A", [{"i": 1}])
            publisher.events("E_YOURS", [{"i": 2}, {"i": 3}])
            reject = publisher.expect("reject")
            publisher.beat(d={"E_YOURS": 7})
            publisher.events("E_MINE_A", [{"i": 4}])
            assert [event.params["i"] for event in subscriber.events(2)] == [1, 4]
    assert (reject["t"], reject["n"]) == ("E_YOURS", 2)
    assert "access list" in reject["reason"]
    with RawControl(broker.endpoint("control")) as control:
        assert [row["topic"] for row in control.rows("topics")] == ["E_MINE_A"], "nobody is told of losses in E_YOURS"
        [row] = control.rows("publishers")
        assert (row["invalid"], row["dropped"]) == (2, 0)
        assert control.counter("events_invalid") == 2


@needs_root
def test_a_reader_gets_what_is_kept_of_its_own_topics_alone(zevid, access, open_to_all):
    broker = zevid(*open_to_all, "--access", access(f"uid={NOBODY} replay E_MINE_"))
    with RawPublisher(broker.ingress).open() as publisher:
        publisher.events("E_MINE_A", [{"i": 1}])
        publisher.expect_ack(publisher.events("E_YOURS", [{"i": 2}]))
    with another_user(NOBODY, NOBODY):
        reader = RawReader(broker.endpoint("replay"))
    with reader:
        assert reader.ask("E_MINE_*").values() == [1]
        for topics in ("E_YOURS", "*", ["E_MINE_A", "E_YOURS"], "E_M*"):
            assert "access list" in reader.ask(topics).end["reason"], topics


@needs_root
def test_a_program_is_told_of_its_own_topics_alone(zevid, access, open_to_all):
    broker = zevid(*open_to_all, "--access", access(f"uid={NOBODY} control E_MINE_"))
    with RawPublisher(broker.ingress).open() as publisher:
        publisher.events("E_MINE_A", [{"i": 1}])
        publisher.expect_ack(publisher.events("E_YOURS", [{"i": 2}]))
    with RawSubscriber(broker.stream, ["E_MINE_", "E_YOURS"]), another_user(NOBODY, NOBODY):
        control = RawControl(broker.endpoint("control"))
        with control:
            assert [row["topic"] for row in control.rows("topics")] == ["E_MINE_A"]
            assert [row["prefix"] for row in control.rows("subscriptions")] == ["E_MINE_"]
            assert "access list" in control.ask("lost", t="E_YOURS", n=1)["reason"]


@pytest.fixture
def keys(test_dir):
    """`keys(NAME)` makes a pair of keys and gives the path of its secret file and the pair."""

    def make(name):
        _, secret = create_certificates(str(test_dir), name)
        os.chmod(secret, 0o600)
        return secret, load_certificate(secret)

    return make


@pytest.mark.parametrize("role", KINDS)
def test_over_tcp_a_key_gets_in_where_its_role_lets_it_and_no_other_key_does(zevid, access, keys, role):
    server, server_pair = keys("server")
    _, known = keys("known")
    _, unknown = keys("unknown")
    endpoints = [word for name in ("ingress", "stream", "events", "replay", "control") for word in (f"--{name}", "tcp://127.0.0.1:*")]
    listed = access("anyone publish,subscribe,replay,control", f"key={known[0].decode()} {role}")
    broker = zevid(*endpoints, "--curve-key", server, "--access", listed)
    for name, places in KINDS.items():
        for endpoint, kind in places:
            place = broker.endpoint(endpoint)
            assert is_admitted(kind, place, known, server_pair[0]) == (name == role), endpoint
            assert not is_admitted(kind, place, unknown, server_pair[0]), endpoint
    assert "refused a connection from key=" in broker.stderr
    assert broker.stopped_counters()["peers_refused"] >= 10 - len(KINDS[role])


def test_what_other_machines_could_reach_needs_keys(zevid, access, keys):
    server, _ = keys("server")
    listed = access("anyone subscribe")
    for options, complaint in (
        (["--events", "tcp://0.0.0.0:*"], "events tcp://0.0.0.0:* could be reached from other machines: give --curve-key"),
        (["--ingress", "tcp://*:*", "--access", listed], "ingress tcp://*:* could be reached from other machines"),
        (["--curve-key", server], "curve-key needs --access"),
        (["--stream", "ws://127.0.0.1:*"], "stream cannot be ws://127.0.0.1:*: choose ipc://PATH"),
    ):
        broker = zevid(*options, ready=False)
        assert broker.wait() == 1
        assert complaint in broker.stderr
    zevid("--events", "tcp://0.0.0.0:*", "--curve-key", server, "--access", listed)


def test_what_is_wrong_in_an_access_list_is_named_by_its_line(zevid, access):
    for line, complaint in (
        ("uid=nobody-of-that-name publish", "no user 'nobody-of-that-name'"),
        ("anyone everything", "'everything' is none of publish, subscribe, replay and control"),
        ("anyone", "a line is WHO ROLE"),
        ("user=root publish", "'user=root' is none of"),
        ("key=short publish", "a key has 40 characters"),
        ("anyone publish E_CORE/", "'E_CORE/' is no prefix of a topic"),
        ("anyone subscribe E_CORE_", "put subscribe on a line without prefixes"),
    ):
        path = access("anyone publish", line)
        broker = zevid("--access", path, ready=False)
        assert broker.wait() == 1
        assert f"zevid: error: {path}:4: " in broker.stderr
        assert complaint in broker.stderr


def test_a_secret_key_that_others_may_read_is_not_used(zevid, access, keys):
    server, _ = keys("server")
    os.chmod(server, 0o644)
    broker = zevid("--curve-key", server, "--access", access("anyone subscribe"), ready=False)
    assert broker.wait() == 1
    assert f"others may read the secret key in {server}: chmod 600 it" in broker.stderr


@pytest.mark.parametrize("mode", ["0600", "0660", "0666"])
def test_the_socket_files_have_the_mode_and_group_that_were_asked_for(zevid, test_dir, mode):
    group = os.getgroups()[-1] if os.getgroups() else os.getegid()
    place = test_dir / "made"
    zevid("--socket-mode", mode, "--socket-group", group, runtime_dir=place)
    for name in ("ingress", "stream", "events", "replay", "control"):
        status = (place / name).stat()
        assert (stat.S_IMODE(status.st_mode), status.st_gid) == (int(mode, 8), group), name
    expected = {"0600": 0o700, "0660": 0o750, "0666": 0o755}[mode]
    assert (stat.S_IMODE(place.stat().st_mode), place.stat().st_gid) == (expected, group)


def test_keys_are_made_once_and_let_their_owner_in(zevid, access, run_zevi, test_dir):
    for name in ("broker", "reader"):
        made = run_zevi("keys", "generate", test_dir / name)
        assert made.wait() == 0, made.stderr
    line = made.stdout.splitlines()[-1]
    shown = run_zevi("keys", "show", test_dir / "reader.pub")
    assert shown.wait() == 0
    assert line == f"key={shown.stdout.strip()} subscribe,replay,control"
    assert stat.S_IMODE((test_dir / "reader.key").stat().st_mode) == 0o600
    broker = zevid("--stream", "tcp://127.0.0.1:*", "--curve-key", test_dir / "broker.key", "--access", access(line))
    server_key, _ = load_certificate(str(test_dir / "broker.pub"))
    assert is_admitted(zmq.SUB, broker.stream, load_certificate(str(test_dir / "reader.key")), server_key)

    before = (test_dir / "reader.key").read_bytes()
    again = run_zevi("keys", "generate", test_dir / "reader")
    assert again.wait() == 1
    assert "reader.pub: File exists; choose another name" in again.stderr
    assert (test_dir / "reader.key").read_bytes() == before


@pytest.fixture
def distant(zevid, access, run_zevi, test_dir):
    """A broker as other machines reach it, and the options with which the keys of `reader` and `worker` get in."""
    lines = []
    for name, roles in (("broker", None), ("worker", "publish"), ("reader", "subscribe,replay,control"), ("stranger", None)):
        made = run_zevi("keys", "generate", test_dir / name)
        assert made.wait() == 0, made.stderr
        if roles:
            lines.append(made.stdout.splitlines()[-1].split(" ")[0] + " " + roles)
    endpoints = [word for name in ("ingress", "stream", "replay", "control") for word in (f"--{name}", "tcp://127.0.0.1:*")]
    broker = zevid(*endpoints, "--curve-key", test_dir / "broker.key", "--access", access(*lines))

    def options(name):
        return ["--curve-key", test_dir / f"{name}.key", "--curve-server-key", test_dir / "broker.pub"]

    return broker, options


def test_the_commands_reach_a_distant_broker_with_their_keys(distant, run_zevi):
    broker, options = distant
    reader = run_zevi(
        "sub", "E_*", "--verbose", "-n", "1", "--endpoint", broker.stream, "--replay", broker.endpoint("replay"), *options("reader")
    )
    reader.wait_for_stderr("subscribed")
    published = run_zevi("pub", "E_A", "i=1", "--endpoint", broker.ingress, *options("worker"))
    assert published.wait() == 0, published.stderr
    assert reader.wait() == 0, reader.stderr
    assert '"i":1' in reader.stdout
    kept = run_zevi(
        "sub", "E_*", "--from", "start", "--no-follow", "--endpoint", broker.stream, "--replay", broker.endpoint("replay"),
        *options("reader"),
    )  # fmt: skip
    assert kept.wait() == 0, kept.stderr
    assert kept.stdout == reader.stdout
    topics = run_zevi("topics", "-o", "json", "--endpoint", broker.endpoint("control"), *options("reader"))
    assert topics.wait() == 0, topics.stderr
    assert '"topic":"E_A"' in topics.stdout


def test_without_the_right_key_a_command_ends_with_an_error(distant, run_zevi):
    broker, options = distant
    for name in ("worker", "stranger"):
        asked = run_zevi("topics", "--timeout", "300ms", "--endpoint", broker.endpoint("control"), *options(name))
        assert asked.wait() == 1
    half = run_zevi("topics", "--endpoint", broker.endpoint("control"), *options("reader")[:2])
    assert half.wait() == 2
    assert "--curve-key and --curve-server-key go together" in half.stderr
    public = run_zevi(
        "topics", "--endpoint", broker.endpoint("control"), "--curve-key", options("reader")[3], "--curve-server-key", "x" * 40
    )
    assert public.wait() == 1
    assert "holds no secret key: give the file that keeps it" in public.stderr


def test_the_python_package_reaches_a_distant_broker_with_its_keys(distant):
    broker, options = distant

    def keys(name):
        own, server = options(name)[1::2]
        return {"curve_key": str(own), "curve_server_key": str(server)}

    reading = zevi.Subscriber(
        "E_*", endpoint=broker.stream, replay_endpoint=broker.endpoint("replay"), timeout=20, **keys("reader")
    )
    with reading, zevi.Publisher(endpoint=broker.ingress, **keys("worker")) as publisher:
        assert reading.wait_ready(20)
        publisher.publish("E_A", {"i": 1})
        assert next(iter(reading)).params == {"i": 1}
        with zevi.Subscriber("E_*", endpoint=broker.stream, replay_endpoint=broker.endpoint("replay"), start="oldest",
                             timeout=20, **keys("reader")) as late:
            assert next(iter(late)).params == {"i": 1}
    for wrong in ({"curve_key": keys("reader")["curve_key"]}, {**keys("reader"), "curve_key": str(options("reader")[3])}):
        with pytest.raises(zevi.Error, match="go together|no secret key"):
            zevi.Subscriber("E_*", endpoint=broker.stream, **wrong)
