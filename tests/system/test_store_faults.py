"""A store whose disk is full, or whose files are damaged: nothing wrong is served, and what is missing is named.

ZEVI_DAMAGE_PLACES is how many places are damaged, 20 if it is not set.
"""

import os
import random
import shutil
from pathlib import Path
from typing import Dict, List, Set, Tuple

from zevi_test import RawReader, RawSubscriber, ResendingPublisher, wait_until

_places = int(os.environ.get("ZEVI_DAMAGE_PLACES", "20"))


def read_whole(broker, topics, epoch=0) -> Tuple[Dict[Tuple[str, int], object], Set[Tuple[str, int]], Dict[str, int]]:
    """By topic and number: what is served from the first number on, what is named as gone; and where the topics end."""
    served: Dict[Tuple[str, int], object] = {}
    gone: Set[Tuple[str, int]] = set()
    with RawReader(broker.endpoint("replay")) as reader:
        fields = {"from_": {topic: 1 for topic in topics}, "b": epoch}
        while True:
            answer = reader.ask(list(topics), **fields)
            served.update({(event.topic, event.q): event.params for event in answer.events})
            for topic, first, last in answer.end["gone"]:
                gone.update((topic, q) for q in range(first, last + 1))
            if not answer.end["more"]:
                return served, gone, answer.end["next"]
            fields = {"from_": answer.end["next"], "b": answer.end["b"]}


def test_on_a_full_disk_memory_goes_on_nothing_is_claimed_and_it_recovers_by_itself(needs_store, small_disk, zevid):
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(8 << 20))
    options = ("--store", small_disk / "store", "--store-size", "64MiB", "--history", "=1MiB", "--ack", "E_W=written", "--notices", "on")
    broker = zevid(*options)
    with ResendingPublisher(broker.ingress) as publisher, RawSubscriber(broker.stream, ["E_ZEVI_STORE"]) as watcher:
        watcher.barrier()
        publisher.publish("E_M", [{"i": 0}])
        publisher.publish("E_W", [{"i": 0}])
        publisher.settle()
        count = 1
        while "cannot be written" not in broker.stderr:
            assert count < 2000, "the disk does not fill"
            publisher.publish("E_M", [{"i": count, "x": "x" * 50_000}])
            count += 1
            publisher.converse(0.001)
        degraded = watcher.event(20)
        assert degraded.topic == "E_ZEVI_STORE" and degraded.params["state"] == "degraded"
        assert "No space left" in degraded.params["reason"]
        assert degraded.params["directory"] == str(small_disk / "store")
        # Memory goes on.
        for _ in range(100):
            publisher.publish("E_M", [{"i": count, "x": "x" * 5_000}])
            count += 1
        publisher.settle()
        with RawReader(broker.endpoint("replay")) as reader:
            assert reader.ask("E_M", last=1).values()[-1] == count - 1

        publisher.publish("E_W", [{"i": 1}])
        wait_until(lambda: publisher.converse(0.05) or publisher.raw.acked >= count + 2, what="the event to be taken in")
        assert publisher.waiting == 1, "what is not written is not acknowledged as written"
        ballast.unlink()
        publisher.settle()
        broker.wait_for_stderr("is written again")
        recovered = watcher.event(20)
        assert recovered.params["state"] == "ok" and "No space left" in recovered.params["reason"]
        assert recovered.params["left_out"] >= 100 and degraded.params["left_out"] <= recovered.params["left_out"]
        for _ in range(50):
            publisher.publish("E_M", [{"i": count, "x": "x" * 50_000}])
            count += 1
            publisher.settle()
        served, gone, ends = read_whole(broker, ["E_M", "E_W"])
        assert ends == {"E_M": count + 1, "E_W": 3}
        assert {q for topic, q in served if topic == "E_W"} == {1, 2}
        assert {params["i"] + 1 for (topic, _), params in served.items() if topic == "E_M"} == {
            q for topic, q in served if topic == "E_M"
        }
        missing = {("E_M", q) for q in range(1, count + 1)} - set(served)
        assert missing and gone == missing
    counters = broker.stopped_counters()
    # One of those left out is the event that says so.
    assert counters["store_failures"] >= 1 and counters["store_left_out"] == len(missing) + 1
    assert recovered.params["left_out"] == counters["store_left_out"]
    again = zevid(*options)
    assert read_whole(again, ["E_M", "E_W"]) == (served, gone, ends)


def test_a_broker_whose_disk_is_full_stops_as_it_should_and_starts_when_there_is_room(needs_store, small_disk, zevid):
    options = ("--store", small_disk / "store", "--store-size", "64MiB", "--history", "=1MiB", "--ack", "=written")
    broker = zevid(*options)
    with ResendingPublisher(broker.ingress) as publisher:
        publisher.publish("E_W", [{"i": 0}])
        publisher.settle()
        ballast = small_disk / "ballast"
        with open(ballast, "wb") as file:
            try:
                while True:
                    file.write(bytes(65536))
                    file.flush()
            except OSError:
                pass
        for i in range(1, 101):
            publisher.publish("E_W", [{"i": i, "x": "x" * 50_000}])
        wait_until(lambda: publisher.converse(0.02) or "cannot be written" in broker.stderr, what="the disk to be full")
        broker.stop_cleanly()
        ballast.unlink()
        again = zevid(*options)
        publisher.settle()
        served, gone, _ = read_whole(again, ["E_W"])
        assert sorted(params["i"] for params in served.values()) == list(range(101)) and not gone


class DamagedStore:
    """A store that a broker left, with files of all kinds, and what was published to it."""

    topics = ["E_A", "E_B"]

    def __init__(self, zevid, path: Path) -> None:
        self.path = path
        self.published: Dict[Tuple[str, int], int] = {}
        number = 0
        for is_last in (False, False, True):
            broker = zevid("--store", path, "--history", "=1MiB", "--ack", "=written")
            with ResendingPublisher(broker.ingress) as publisher:
                for _ in range(60):
                    for topic in self.topics:
                        publisher.publish(topic, [{"i": number, "x": "x" * 2000}])
                        publisher.settle()
                        q = 1 + sum(1 for known, _ in self.published if known == topic)
                        self.published[topic, q] = number
                        number += 1
            with RawReader(broker.endpoint("replay")) as reader:
                self.epoch = reader.ask(self.topics, last=0).end["b"]
            broker.kill() if is_last else broker.stop_cleanly()

    def files(self) -> List[List[Path]]:
        """By kind."""
        database = self.path / "db"
        kinds = [
            [f for f in database.glob("*.log") if f.stat().st_size > 0],
            list(database.glob("*.sst")),
            list(database.glob("MANIFEST-*")),
            [database / "CURRENT"],
            list(database.glob("OPTIONS-*")),
            [self.path / "FORMAT"],
        ]
        assert all(kinds), kinds
        return [sorted(kind) for kind in kinds]

    def check(self, served, gone, ends, may_lose_silently: bool) -> int:
        """Fails for a wrong event; how many are missing. Those must be named, or lie behind the topic's end."""
        for place, params in served.items():
            assert self.published.get(place) == params["i"], f"{place} is not what was published"
        missing = set(self.published) - set(served)
        unnamed = {(topic, q) for topic, q in missing - gone if q < ends.get(topic, 1)}
        assert may_lose_silently or not unnamed, f"{sorted(unnamed)} are not named"
        return len(missing)


def damage(path: Path, choose: random.Random) -> str:
    data = bytearray(path.read_bytes())
    at = choose.randrange(len(data))
    if choose.random() < 0.3:
        path.write_bytes(data[:at])
        return f"{path.name} ends at {at} of {len(data)}"
    bit = choose.randrange(8)
    data[at] ^= 1 << bit
    path.write_bytes(data)
    return f"{path.name}: bit {bit} of byte {at} of {len(data)}"


def test_damaged_files_never_give_a_wrong_event_and_repair_saves_the_rest(needs_store, zevid, run_program, test_dir):
    original = DamagedStore(zevid, test_dir / "store")
    choose = random.Random(11)
    results: Dict[str, int] = {}
    lost = 0
    for place in range(_places):
        copy = test_dir / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(original.path, copy)
        kinds = original.files()
        chosen = choose.choice(kinds[place % len(kinds)])
        what = damage(copy / chosen.relative_to(original.path), choose)
        broker = zevid("--store", copy, "--history", "=1MiB", ready=False)
        wait_until(lambda: "zevid: ready" in broker.stderr or not broker.running(), what=f"a broker with {what}")
        result = "served"
        if not broker.running():
            assert broker.process.returncode == 1 and "--repair-store" in broker.stderr, f"{what}: {broker.stderr}"
            if what.startswith(("CURRENT", "MANIFEST")):
                check = run_program("zevid", "--check-store", copy)
                assert check.wait() == 1 and "damaged" in check.stdout
            repair = run_program("zevid", "--repair-store", copy)
            assert repair.wait() == 0, f"{what}: {repair.stderr}"
            broker = zevid("--store", copy, "--history", "=1MiB")
            result = "repaired"
        served, gone, ends = read_whole(broker, original.topics, original.epoch)
        missing = original.check(served, gone, ends, may_lose_silently=False)
        assert missing < len(original.published), f"{what}: nothing is left"
        assert not broker.stderr.count("AddressSanitizer")
        broker.stop_cleanly()
        result += f", {'all there' if missing == 0 else 'some missing and named'}"
        results[result] = results.get(result, 0) + 1
        lost += missing
        print(f"{what}: {result} ({missing} of {len(original.published)})")
    print(f"{_places} places: {results}; {lost} events were missing, none was wrong")


def flip_bit(path: Path, at: float) -> None:
    data = bytearray(path.read_bytes())
    data[int(len(data) * at)] ^= 4
    # The same file, as the database has it open.
    with open(path, "r+b") as file:
        file.write(data)


def tables(store: Path, bytes_min: int) -> List[Path]:
    return sorted(file for file in (store / "db").glob("*.sst") if file.stat().st_size >= bytes_min)


def test_damage_found_while_files_are_merged_stops_the_store_and_repair_saves_the_rest(
    needs_store, zevid, run_program, test_dir
):
    store = test_dir / "store"
    options = ("--store", store, "--store-size", "64MiB", "--history", "=1MiB", "--ack", "E_W=written", "--notices", "on")
    broker = zevid(*options)
    topics = ["E_A", "E_B", "E_C"]
    published = 0
    with ResendingPublisher(broker.ingress) as publisher, RawSubscriber(broker.stream, ["E_ZEVI_STORE"]) as watcher:
        watcher.barrier()

        def publish() -> None:
            nonlocal published
            for topic in topics:
                publisher.publish(topic, [{"i": published, "x": "x" * 20_000}])
            published += 1
            publisher.settle()

        while len(tables(store, 500_000)) < 2:
            assert published < 500, "no tables are written"
            publish()
        flip_bit(tables(store, 500_000)[0], 1 / 3)
        while "--repair-store" not in broker.stderr:
            assert published < 1000, "no tables are merged"
            publish()
        degraded = watcher.event(20)
        assert degraded.params["state"] == "degraded" and "--repair-store" in degraded.params["reason"]
        publisher.publish("E_W", [{"i": 0}])
        publish_end = published
        wait_until(lambda: publisher.converse(0.05) or publisher.raw.acked >= 3 * publish_end + 1, what="E_W to be taken in")
        assert publisher.waiting == 1, "nothing is acknowledged as written"
        served, gone, _ = read_whole(broker, topics)
        assert all(params["i"] == q - 1 for (_, q), params in served.items())
        broker.stop_cleanly()

        repair = run_program("zevid", "--repair-store", store)
        assert repair.wait() == 0, repair.stderr
        again = zevid(*options)
        publisher.settle()
        served, gone, ends = read_whole(again, topics + ["E_W"])
        assert all(params["i"] == q - 1 for (_, q), params in served.items()) and ("E_W", 1) in served
        missing = {(topic, q) for topic in topics for q in range(1, ends[topic])} - set(served)
        # The block with the flipped bit.
        assert 1 <= len(missing) <= 2 and gone == missing
        # What was never stored lies behind the end.
        assert all(published - 10 < ends[topic] - 1 <= published for topic in topics), (published, ends)


def test_repair_takes_nothing_from_a_sound_store_whose_files_were_merged(needs_store, zevid, run_program, test_dir):
    store = test_dir / "store"
    options = ("--store", store, "--store-size", "64MiB", "--history", "=1MiB", "--ack", "=written")
    broker = zevid(*options)
    with ResendingPublisher(broker.ingress) as publisher:
        for i in range(600):
            publisher.publish("E_A", [{"i": i, "x": "x" * 20_000}])
            publisher.publish("E_B", [{"i": i, "x": "x" * 20_000}])
            publisher.settle()
        with RawReader(broker.endpoint("replay")) as reader:
            epoch = reader.ask("E_A", last=0).end["b"]
        broker.kill()
        for _ in range(2):
            repair = run_program("zevid", "--repair-store", store)
            assert repair.wait() == 0, repair.stderr
            # A table that the kill left half written may be put aside.
            assert "saved 1200 events of 2 topics" in repair.stdout
        assert not (store / "db/aside").exists()
        again = zevid(*options)
        publisher.publish("E_A", [{"i": 600}])
        publisher.settle()
        served, gone, ends = read_whole(again, ["E_A", "E_B"], epoch)
        assert ends == {"E_A": 602, "E_B": 601} and len(served) == 1201 and not gone
        assert all(params["i"] == q - 1 for (_, q), params in served.items())


def test_a_store_whose_repair_was_interrupted_is_refused_until_it_is_repaired(needs_store, zevid, run_program, test_dir):
    store = test_dir / "store"
    DamagedStore(zevid, store)
    (store / "FORMAT").write_text((store / "FORMAT").read_text().rstrip("\n") + " in repair\n")
    refused = zevid("--store", store, ready=False)
    assert refused.wait() == 1 and "--repair-store" in refused.stderr
    assert run_program("zevid", "--repair-store", store).wait() == 0
    zevid("--store", store)


def test_a_sound_store_is_told_from_a_damaged_one_and_from_none(needs_store, zevid, run_program, test_dir):
    broker = zevid("--store", test_dir / "store")
    with ResendingPublisher(broker.ingress) as publisher:
        for i in range(100):
            publisher.publish("E_X", [{"i": i, "x": "x" * 1000}])
            publisher.settle()
    used = run_program("zevid", "--check-store", test_dir / "store")
    assert used.wait() == 1 and "another program uses it" in used.stderr
    assert run_program("zevid", "--repair-store", test_dir / "store").wait() == 1
    broker.stop_cleanly()
    sound = run_program("zevid", "--check-store", test_dir / "store")
    assert sound.wait() == 0, sound.stdout + sound.stderr
    assert "100 events of 1 topics" in sound.stdout and "it is sound" in sound.stdout
    none = run_program("zevid", "--check-store", test_dir / "nothing")
    assert none.wait() == 1 and "there is no Zevi store" in none.stderr
    assert run_program("zevid", "--repair-store", test_dir / "nothing").wait() == 1
    assert not (test_dir / "nothing").exists()
    table = max((test_dir / "store/db").glob("*.sst"), key=lambda f: f.stat().st_size)
    data = bytearray(table.read_bytes())
    data[len(data) // 3] ^= 4
    table.write_bytes(data)
    bad = run_program("zevid", "--check-store", test_dir / "store")
    assert bad.wait() == 1 and "--repair-store" in bad.stdout
    repaired = run_program("zevid", "--repair-store", test_dir / "store")
    assert repaired.wait() == 0 and "saved" in repaired.stdout, repaired.stderr
    assert run_program("zevid", "--check-store", test_dir / "store").wait() == 0
    again = zevid("--store", test_dir / "store")
    served, gone, _ = read_whole(again, ["E_X"])
    assert 50 < len(served) < 100 and len(gone) == 100 - len(served)
    assert all(params["i"] == q - 1 for (_, q), params in served.items())
