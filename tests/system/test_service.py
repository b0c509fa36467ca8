"""zevid as a service: what systemd is told, what the journal reads, and the unit."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from zevi_test import RawPublisher, find_program, wait_until

_libc = ctypes.CDLL(None, use_errno=True)
_PTRACE_SEIZE, _PTRACE_INTERRUPT, _PTRACE_DETACH, _WALL = 0x4206, 0x4207, 17, 0x40000000


class Manager:
    """The end of the notification socket that systemd has."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(name)
        self.socket.settimeout(20)
        self.received = []

    def next(self):
        message = self.socket.recv(4096).decode()
        self.received.append(message)
        return message

    def wait_for(self, word):
        """The next message that begins with this word; others on the way are passed over."""
        while not self.next().startswith(word):
            pass
        return self.received[-1]


@pytest.fixture(params=["path", "abstract"])
def manager(request, test_dir):
    name = str(test_dir / "notify") if request.param == "path" else f"\0{test_dir.name}"
    manager = Manager(name)
    manager.address = name.replace("\0", "@")
    yield manager
    manager.socket.close()


def test_systemd_is_told_of_start_reload_and_stop(zevid, manager, test_dir):
    (test_dir / "conf").write_text("")
    broker = zevid("--config", test_dir / "conf", env={"NOTIFY_SOCKET": manager.address})
    assert manager.next() == "READY=1"
    broker.send_signal(signal.SIGHUP)
    assert manager.wait_for("RELOADING=1").startswith("RELOADING=1\nMONOTONIC_USEC=")
    manager.wait_for("READY=1")
    broker.stop_cleanly()
    manager.wait_for("STOPPING=1")


@pytest.mark.parametrize("manager", ["path"], indirect=True)
def test_systemd_is_told_what_the_broker_has_taken_in(zevid, manager):
    broker = zevid(env={"NOTIFY_SOCKET": manager.address})
    manager.wait_for("STATUS=0 events taken in, 0 a second; lost 0 before the broker, 0 known behind it")
    with RawPublisher(broker.ingress).open() as publisher:
        publisher.events("T", [{"i": i} for i in range(5000)])
        manager.wait_for("STATUS=5000 events taken in, ")
        manager.wait_for("STATUS=5000 events taken in, 0 a second; ")
    broker.stop_cleanly()
    manager.wait_for("STOPPING=1")


@pytest.mark.parametrize("manager", ["path"], indirect=True)
def test_the_watchdog_is_told_only_while_the_brokers_own_thread_goes_on(zevid, manager):
    broker = zevid(env={"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "600000"})
    for _ in range(3):
        manager.wait_for("WATCHDOG=1")
    [routing] = [
        int(task.name) for task in Path(f"/proc/{broker.pid}/task").iterdir() if (task / "comm").read_text() == "zevi-routing\n"
    ]
    if _libc.ptrace(_PTRACE_SEIZE, routing, None, None) != 0:
        pytest.skip("a thread of the broker cannot be stopped here")
    try:
        assert _libc.ptrace(_PTRACE_INTERRUPT, routing, None, None) == 0
        os.waitpid(routing, _WALL)
        manager.socket.settimeout(0.3)  # what was on its way
        with pytest.raises(socket.timeout):
            while True:
                manager.next()
        manager.socket.settimeout(1.5)
        with pytest.raises(socket.timeout):
            manager.next()
    finally:
        _libc.ptrace(_PTRACE_DETACH, routing, None, None)
    manager.socket.settimeout(20)
    manager.wait_for("WATCHDOG=1")


def test_the_journal_reads_the_level_of_each_line_and_no_name(run_program, find, runtime_dir):
    broker = run_program(
        "/bin/sh", "-c", 'JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2) exec "$0" "$@"', find("zevid"), "--runtime-dir", runtime_dir
    )
    broker.wait_for_stderr("<6>ready: ingress")
    assert "zevid:" not in broker.stderr


def test_lines_below_the_chosen_level_are_left_out(zevid, test_dir):
    config = test_dir / "conf"
    config.write_text("log-level = warning\n")
    broker = zevid("--config", config, ready=False)
    wait_until(lambda: len(broker.sockets()) == 5, what="the sockets")
    config.write_text("history = rubbish\n")
    broker.send_signal(signal.SIGHUP)
    broker.wait_for_stderr("error: not reloaded")
    config.write_text("log-level = info\n")
    broker.send_signal(signal.SIGHUP)
    broker.stop_cleanly()
    assert "ready" not in broker.stderr
    assert "stopping" in broker.stderr


@pytest.fixture(params=["broker/packaging/zevid.service", "subscribers/bridges/zevi-bridge@.service"])
def unit(request, build_dir, test_dir):
    """The unit with the programs of this machine in place of what is to be installed."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd here")
    path = test_dir / Path(request.param).name
    program = find_program(build_dir, path.stem.rstrip("@"))
    text = (build_dir / request.param).read_text()
    lines = [f"ExecStart={program}" if l.startswith("ExecStart=") else l for l in text.splitlines()]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_unit_is_well_formed_and_hardened(unit):
    verified = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True)
    assert [line for line in verified.stderr.splitlines() if unit.stem in line] == []
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", unit], capture_output=True, text=True
    )
    assert rated.returncode == 0, rated.stdout[-300:]
