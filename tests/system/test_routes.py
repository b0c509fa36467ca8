"""Endpoints of their own for some topics."""

import json
import os
import signal

import pytest
import zevi
import zmq

from zevi_test import (
    RawControl,
    RawPublisher,
    RawReader,
    RawSubscriber,
    another_user,
    is_admitted,
    wait_until,
)

NOBODY = 65534

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


@pytest.fixture
def place(runtime_dir):
    """`place(NAME)` is where a route may listen."""
    return lambda name: f"ipc://{runtime_dir}/{name}"


def values(subscriber, count):
    return [(event.topic, event.params["i"]) for event in subscriber.events(count)]


def test_topics_of_a_route_are_sent_there_and_no_longer_at_the_main_endpoints(zevid, place):
    broker = zevid("--route", f"E_PROFILING_={place('profiling')}")
    with RawSubscriber(broker.stream) as stream, RawSubscriber(broker.events, plain=True) as events:
        with RawSubscriber(place("profiling")) as route, RawPublisher(broker.ingress).open() as publisher:
            publisher.events("E_PROFILING_PROC", [{"i": 1}])
            publisher.events("E_CORE_LOG", [{"i": 2}])
            publisher.events("E_PROFILING_PROC", [{"i": 3}])
            assert values(stream, 1) == values(events, 1) == [("E_CORE_LOG", 2)]
            assert values(route, 2) == [("E_PROFILING_PROC", 1), ("E_PROFILING_PROC", 3)]
            publisher.events("E_CORE_LOG", [{"i": 4}])
            assert values(stream, 1) == values(events, 1) == [("E_CORE_LOG", 4)], "nothing else came in between"


def test_topics_of_a_route_that_is_also_are_sent_at_the_main_endpoints_as_well(zevid, place):
    broker = zevid("--route", f"E_CORE_*={place('plain')},format=events,also")
    with RawSubscriber(broker.stream) as stream, RawSubscriber(place("plain"), plain=True) as route:
        with RawPublisher(broker.ingress).open() as publisher:
            publisher.events("E_SITE_A", [{"i": 1}])
            publisher.events("E_CORE_LOG", [{"i": 2}])
            assert values(stream, 2) == [("E_SITE_A", 1), ("E_CORE_LOG", 2)]
            assert values(route, 1) == [("E_CORE_LOG", 2)]


def json_reader(context, endpoint, *prefixes):
    reader = context.socket(zmq.SUB)
    reader.linger = 0
    reader.connect(endpoint)
    for prefix in prefixes:
        reader.subscribe(prefix)
    reader.subscribe("~ready.1")
    assert reader.poll(20_000), "no answer to the barrier"
    topic, text = reader.recv().decode().split(" ", 1)
    assert topic == "~ready.1" and json.loads(text)["unconfirmed"] == 0
    return reader


def test_json_is_one_frame_of_topic_and_object(zevid, place):
    broker = zevid("--route", f"*={place('json')},format=json,also")
    with zmq.Context() as context, json_reader(context, place("json"), "E_CORE_") as reader:
        with RawPublisher(broker.ingress, src="opensips").open() as publisher:
            publisher.events("E_SITE_A", [{"i": 1}])
            publisher.events("E_CORE_LOG", [{"text": 'say "hi"\n', "level": -1}, {"raw": b"\xff"}])
            lines = []
            for _ in range(2):
                assert reader.poll(20_000), "no event"
                frames = reader.recv_multipart()
                assert len(frames) == 1
                topic, text = frames[0].decode().split(" ", 1)
                assert topic == "E_CORE_LOG"
                lines.append(json.loads(text))
    assert [line["params"] for line in lines] == [{"text": 'say "hi"\n', "level": -1}, {"raw": {"$bin": "/w=="}}]
    assert [(line["topic"], line["q"], line["lost_before"]) for line in lines] == [("E_CORE_LOG", q, 0) for q in (1, 2)]
    assert {(line["src"], line["pid"]) for line in lines} == {("opensips", os.getpid())}
    assert broker.stopped_counters()["json_messages"] == 2


def test_publishers_make_events_for_a_subscriber_of_a_route_and_of_its_topics_alone(zevid, place):
    broker = zevid("--route", f"E_PROFILING_={place('profiling')}", "--history", "none", "--interest-linger", "0ms")
    with RawPublisher(broker.ingress).open() as publisher, RawControl(broker.endpoint("control")) as control:
        with RawSubscriber(place("profiling"), [""], barrier=False), RawSubscriber(
            broker.stream, ["E_PROFILING_PROC", "E_CORE_"], barrier=False
        ):
            wait_until(lambda: publisher.expect("interest")["w"] == ["E_CORE_", "E_PROFILING_"], what="both prefixes")
            [core, profiling] = control.rows("subscriptions")
        assert core == {"prefix": "E_CORE_", "stream": 1, "events": 0, "routes": 0, "lingers": False}
        assert profiling == {"prefix": "E_PROFILING_", "stream": 0, "events": 0, "routes": 1, "lingers": False}
        wait_until(lambda: publisher.expect("interest")["w"] == [], what="nothing to be wanted")


def test_control_says_what_routes_there_are_and_who_reads_them(zevid, run_zevi, place):
    broker = zevid(
        "--route", f"E_PROFILING_={place('profiling')},queue=7", "--route", f"={place('json')},format=json,also"
    )
    with RawSubscriber(place("profiling"), ["E_PROFILING_PROC"]), RawControl(broker.endpoint("control")) as control:
        stats = control.stats()
        assert stats["routes"] == [
            {"prefix": "E_PROFILING_", "endpoint": place("profiling"), "format": "stream", "also": False},
            {"prefix": "", "endpoint": place("json"), "format": "json", "also": True},
        ]
        assert stats["subscriptions_routes"] == 1
        [reader] = control.rows("readers")
        assert (reader["endpoint"], reader["prefixes"]) == ("route E_PROFILING_", ["E_PROFILING_PROC"])
        assert [row["value"] for row in control.rows("config") if row["option"] == "route"] == [
            f"E_PROFILING_={place('profiling')},format=stream,queue=7",
            f"*={place('json')},format=json,also",
        ]
        status = run_zevi("status")
        assert status.wait() == 0
    assert f"E_PROFILING_* at {place('profiling')}, stream" in status.stdout
    assert f"* at {place('json')}, json, also at stream and events" in status.stdout
    assert "0 at stream, 0 at events, 1 at routes" in status.stdout


@pytest.mark.parametrize(
    "routes, words",
    [
        (["E_A"], "no PREFIX= in front"),
        (["E_A="], "say where"),
        (["E_A=ipc:///x,format=xml"], "'format=xml' is nothing that a route can have"),
        (["E_A=ipc:///x,queue=0"], "'queue=0' is nothing that a route can have"),
        (["E_A=ipc:///x,queue=2000000000"], "queue must be between 1 and 100000000"),
        (["E A=ipc:///x"], "is no topic prefix"),
        (["E_A=udp://x:1"], "route cannot be udp://x:1"),
        (["E_A=tcp://0.0.0.0:7"], "could be reached from other machines"),
        (["E_A=ipc://RUN/events"], "another socket of this broker listens there"),
        (["E_A=ipc:///x", "E_B=ipc:///x"], "another socket of this broker listens there"),
        (["E_A=ipc:///x", "E_AB=ipc:///y"], "would send the same topics in the same format; give one of them also"),
        (["E_A=ipc:///x,access=/dev/null"], "access needs the option access"),
    ],
)
def test_a_route_that_cannot_be_is_refused_with_its_reason(zevid, runtime_dir, routes, words):
    arguments = [word for route in routes for word in ("--route", route.replace("RUN", str(runtime_dir)))]
    broker = zevid(*arguments, ready=False)
    assert broker.wait() in (1, 2)
    assert words in broker.stderr and "route" in broker.stderr


def test_a_slow_subscriber_of_a_flooded_route_loses_of_the_route_alone(zevid, place):
    broker = zevid("--route", f"E_PROFILING_={place('profiling')},queue=10", "--subscriber-budget", "1MiB")
    with zmq.Context() as context, RawPublisher(broker.ingress).open() as publisher:
        # One socket with both connections, each with its own queue, as the libraries have it.
        with RawSubscriber(broker.stream, ["E_CORE_", "E_PROFILING_"], hwm=10, context=context) as both:
            both.socket.connect(place("profiling"))
            with RawSubscriber(place("profiling"), ["E_PROFILING_"], context=context):
                pass  # once this barrier was answered, that one's subscription has been read too
            wait_until_reads(broker, 2)
            for i in range(2000):
                s = publisher.events("E_PROFILING_PROC", [{"i": i, "text": "x" * 10_000}])
                if i % 200 == 0:
                    publisher.events("E_CORE_LOG", [{"i": i}])
            publisher.expect_ack(s)
            found = []
            while len([topic for topic, _ in found if topic == "E_CORE_LOG"]) < 10:
                found += values(both, 1)
    assert [i for topic, i in found if topic == "E_CORE_LOG"] == list(range(0, 2000, 200))
    assert len(found) - 10 < 2000, "the route's queue was too long for what this is to show"


def wait_until_reads(broker, connections):
    with RawControl(broker.endpoint("control")) as control:
        wait_until(lambda: len(control.rows("readers")) >= connections, what=f"{connections} connections that read")


@needs_root
def test_who_may_read_a_route_is_said_by_its_own_list_and_holds_for_replay_and_control_too(
    zevid, test_dir, runtime_dir, place
):
    test_dir.chmod(0o711)
    runtime_dir.chmod(0o711)
    all_lists = test_dir / "access"
    all_lists.write_text(f"uid={NOBODY} subscribe,replay,control\n")
    of_route = test_dir / "access-profiling"
    of_route.write_text("uid=4711 subscribe\n")
    broker = zevid(
        "--socket-mode", "0666", "--access", all_lists, "--history", "*=10MB", "--route",
        f"E_PROFILING_={place('profiling')},access={of_route}",
    )  # fmt: skip
    with RawPublisher(broker.ingress).open() as publisher:
        publisher.events("E_PROFILING_PROC", [{"i": 1}])
        publisher.expect_ack(publisher.events("E_CORE_LOG", [{"i": 2}]))
    with another_user(4711, 4711):
        assert is_admitted(zmq.SUB, place("profiling")) and not is_admitted(zmq.SUB, broker.stream)
    with another_user(NOBODY, NOBODY):
        assert is_admitted(zmq.SUB, broker.stream) and not is_admitted(zmq.SUB, place("profiling"))
        reader, control = RawReader(broker.endpoint("replay")), RawControl(broker.endpoint("control"))
    with reader, control:
        assert reader.ask("E_CORE_*").values() == reader.ask("*").values() == [2]
        assert "access list" in reader.ask("E_PROFILING_PROC").end["reason"]
        assert [row["topic"] for row in control.rows("topics")] == ["E_CORE_LOG"]
    assert broker.stopped_counters()["peers_refused"] == 2


@needs_root
def test_one_who_is_taken_out_of_a_routes_list_is_cut_off_there(zevid, test_dir, runtime_dir, place):
    test_dir.chmod(0o711)
    runtime_dir.chmod(0o711)
    all_lists, of_route = test_dir / "access", test_dir / "access-profiling"
    all_lists.write_text("anyone publish\n")
    of_route.write_text(f"uid={NOBODY} subscribe\n")
    broker = zevid(
        "--socket-mode", "0666", "--access", all_lists, "--route", f"E_P={place('profiling')},access={of_route}"
    )
    with another_user(NOBODY, NOBODY):
        subscriber = RawSubscriber(place("profiling"), ["E_P"])
    with subscriber, RawControl(broker.endpoint("control")) as control:
        assert len(control.rows("readers")) == 1
        of_route.write_text("")
        broker.send_signal(signal.SIGHUP)
        wait_until(lambda: not control.rows("readers"), what="the connection to be cut")


def test_a_broker_tells_of_topics_that_leave_the_main_endpoints_for_no_library_to_read(zevid, place):
    broker = zevid("--route", f"E_A_={place('json')},format=json", "--route", f"E_B_={place('b')}")
    assert "libraries find nothing of E_A_* live" in broker.stderr
    assert "E_B_*" not in broker.stderr


def lines_of(program, count):
    return [json.loads(line) for line in program.wait_for_stdout_lines(count)]


def test_a_library_finds_the_topics_of_a_route_by_itself(zevid, run_zevi, runtime_dir, place):
    broker = zevid("--route", f"E_PROFILING_={place('profiling')}", "--history", "none")
    everything = run_zevi("sub", "*", "--output", "json", "--verbose")
    log_alone = run_zevi("sub", "E_CORE_*", "--output", "json", "--verbose")
    with zevi.subscribe("E_PROFILING_PROC", runtime_dir=str(runtime_dir)) as profiling:
        everything.wait_for_stderr("subscribed")
        log_alone.wait_for_stderr("subscribed")
        with RawPublisher(broker.ingress).open() as publisher, RawControl(broker.endpoint("control")) as control:
            publisher.events("E_PROFILING_PROC", [{"i": 1}])
            publisher.events("E_CORE_LOG", [{"i": 2}])
            assert profiling.receive(20)["i"] == 1
            assert sorted(line["params"]["i"] for line in lines_of(everything, 2)) == [1, 2]
            assert [line["params"]["i"] for line in lines_of(log_alone, 1)] == [2]
            at_route = [row for row in control.rows("readers") if row["endpoint"] == "route E_PROFILING_"]
        assert {row["pid"] for row in at_route} == {os.getpid(), everything.pid}


def zevi_sub_pid(program):
    return program.pid


@pytest.mark.parametrize("history", ["none", "*=10MB"])
def test_plain_readers_find_routes_of_their_format(zevid, runtime_dir, place, history):
    broker = zevid(
        "--route", f"E_A_={place('a')},format=events", "--route", f"E_B_={place('b')}", "--history", history
    )
    with zevi.subscribe("*", runtime_dir=str(runtime_dir), plain=True) as plain, zevi.subscribe(
        "*", runtime_dir=str(runtime_dir)
    ) as stream, RawPublisher(broker.ingress).open() as publisher:
        publisher.events("E_A_X", [{"i": 1}])
        publisher.events("E_B_X", [{"i": 2}])
        publisher.events("E_C_X", [{"i": 3}])
        assert sorted(plain.receive(20)["i"] for _ in range(2)) == [1, 3]
        assert sorted(stream.receive(20)["i"] for _ in range(2)) == [2, 3]


@pytest.mark.parametrize("language", ["c++", "python"])
def test_a_reader_follows_routes_that_move_and_end_and_misses_nothing(
    zevid, run_zevi, runtime_dir, test_dir, place, language
):
    def start(*routes):
        arguments = [word for route in routes for word in ("--route", route)]
        return zevid("--store", test_dir / "store", "--history", "*=10MB", *arguments)

    if language == "c++":
        reader = run_zevi("sub", "*", "--output", "json", "--from", "start")
        read = lambda count: [line["params"]["i"] for line in lines_of(reader, count)]  # noqa: E731
    else:
        reader = zevi.Subscriber("*", runtime_dir=str(runtime_dir), start="oldest")
        found = []

        def read(count):
            while len(found) < count:
                found.append(reader.receive(20)["i"])
            return found

    i = 0
    for routes in ([f"E_P_={place('one')}"], [f"E_P_={place('two')}"], [], [f"E_={place('all')}"]):
        broker = start(*routes)
        with RawPublisher(broker.ingress).open() as publisher:
            for _ in range(20):
                publisher.events("E_P_X", [{"i": i}])
                publisher.expect_ack(publisher.events("E_CORE_LOG", [{"i": i + 1}]))
                i += 2
        assert sorted(read(i)) == list(range(i))
        broker.stop_cleanly()
    if language == "python":
        assert reader.lost == 0
        reader.close()


@needs_root
def test_a_reader_that_may_not_read_a_route_gets_the_rest_and_is_told(zevid, test_dir, runtime_dir, place):
    test_dir.chmod(0o711)
    runtime_dir.chmod(0o711)
    lists = test_dir / "access", test_dir / "access-route"
    lists[0].write_text(f"uid={NOBODY} subscribe,replay\n")
    lists[1].write_text("")
    broker = zevid(
        "--socket-mode", "0666", "--access", lists[0], "--history", "*=10MB",
        "--route", f"E_P_={place('p')},access={lists[1]}",
    )  # fmt: skip
    with zmq.Context() as context:
        with another_user(NOBODY, NOBODY):
            reader = zevi.subscribe("*", runtime_dir=str(runtime_dir), context=context)
        with reader, RawPublisher(broker.ingress).open() as publisher:
            assert reader.unconfirmed == 0 and reader.statistics.silent_routes == 1
            publisher.events("E_P_X", [{"i": 1}])
            publisher.events("E_CORE_LOG", [{"i": 2}])
            assert reader.receive(20)["i"] == 2
