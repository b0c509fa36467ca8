"""Subscribers that come and go in crowds, or never read."""

import signal
import subprocess
import sys
from pathlib import Path

import zmq

from zevi_test import RawSubscriber
from zevi_test.programs import die_with_parent, memory_bytes
from zevi_test.waiting import wait_until

MIB = 1024 * 1024

#: Subscribes from ten sockets, says so, and reads nothing.
TEN_SUBSCRIBERS = """
import sys, zmq
sockets = []
for _ in range(10):
    socket = zmq.Context().socket(zmq.SUB)
    socket.connect(sys.argv[1])
    socket.subscribe("E_FAULT_")
    sockets.append(socket)
for socket in sockets:
    socket.recv_multipart()
print("subscribed", flush=True)
sys.stdin.read()
"""


def descriptors(pid):
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def ten_subscribers(endpoint):
    return subprocess.Popen(
        [sys.executable, "-c", TEN_SUBSCRIBERS, endpoint],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=die_with_parent,
    )


def test_a_hundred_subscribers_that_connect_and_vanish_leave_nothing_behind(fault_run):
    run = fault_run()
    broker = run.start_broker()
    run.start_reader()
    run.start_worker()
    run.wait_events(500)
    before = descriptors(broker.pid)
    memory = []
    for _ in range(2):
        crowd = [ten_subscribers(broker.stream) for _ in range(10)]
        for process in crowd:
            assert process.stdout.readline() == b"subscribed\n"
        assert descriptors(broker.pid) >= before + 100
        for process in crowd:
            process.send_signal(signal.SIGKILL)
            process.communicate()
        wait_until(lambda: descriptors(broker.pid) <= before, what="the descriptors of subscribers that are gone")
        memory.append(memory_bytes(broker.pid))
    assert memory[-1] - memory[0] < 16 * MIB, memory
    run.wait_events(500)
    report = run.finish()
    (count,) = report.readers.values()
    assert count.delivered == count.published


def test_a_subscriber_that_never_reads_costs_bounded_memory_and_nobody_an_event(fault_run):
    budget, history = 4 * MIB, 4 * MIB
    run = fault_run(broker_options=["--subscriber-budget", "4MiB", "--history", "*=4MiB"])
    broker = run.start_broker()
    run.start_reader()
    with zmq.Context() as context:
        socket = context.socket(zmq.SUB)
        socket.rcvhwm = 1
        socket.linger = 0
        socket.connect(broker.stream)
        socket.subscribe("E_FAULT_")
        with RawSubscriber(broker.stream, ["E_NOTHING"]):  # its barrier stands behind that subscription
            pass
        before = memory_bytes(broker.pid)
        # What is kept lasts a reader that gets no processor for five seconds.
        run.start_worker(rate=1500, padding=2000)
        run.wait_events(12000)  # 24 MB
        grown = memory_bytes(broker.pid) - before
        report = run.finish()
        socket.close()
    assert grown < 2 * (budget + history) + 8 * MIB, grown
    (count,) = report.readers.values()
    assert count.delivered == count.published
