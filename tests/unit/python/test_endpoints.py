"""Where the broker is looked for, and what a topic is."""

import pytest

import zevi
from zevi import endpoints
from zevi.topics import TopicFilter, is_topic


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch, tmp_path):
    for name in ("ZEVI_RUNTIME_DIR", "RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(endpoints, "SYSTEM_DIR", str(tmp_path / "absent"))


def test_the_option_goes_before_the_environment_and_that_before_the_system(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/xdg")
    assert endpoints.runtime_dir() == "/xdg/zevi"
    monkeypatch.setattr(endpoints, "SYSTEM_DIR", str(tmp_path))
    assert endpoints.runtime_dir() == str(tmp_path)
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/unit")
    assert endpoints.runtime_dir() == str(tmp_path), "that directory is of the unit that we run in"
    monkeypatch.setenv("ZEVI_RUNTIME_DIR", "/zevi")
    assert endpoints.runtime_dir() == "/zevi"
    assert endpoints.runtime_dir("/option") == "/option"


def test_without_any_it_says_what_to_give():
    with pytest.raises(zevi.Error, match="ZEVI_RUNTIME_DIR"):
        endpoints.runtime_dir()


def test_a_path_that_no_unix_socket_can_have_is_refused():
    assert endpoints.ipc_endpoint("/run/zevi", "stream") == "ipc:///run/zevi/stream"
    assert endpoints.ipc_endpoint("/" + "x" * 99, "stream")
    with pytest.raises(zevi.Error, match="108"):
        endpoints.ipc_endpoint("/" + "x" * 100, "stream")


def test_topics_and_filters():
    assert is_topic("E_CORE_LOG") and is_topic("a.b-c_9") and is_topic("x" * 128)
    assert not any(is_topic(t) for t in ("", "a b", "~ready.1", "é", "x" * 129, "a\n", "E*"))
    exact, prefix, everything = (TopicFilter.parse(t) for t in ("E_A", "E_A*", "*"))
    assert exact.matches("E_A") and not exact.matches("E_A2")
    assert prefix.matches("E_A") and prefix.matches("E_A2") and not prefix.matches("E_B")
    assert everything.matches("E_B") and everything.prefix == ""
    for bad in ("", "**", "a*b", "a b*", "x" * 129 + "*"):
        with pytest.raises(zevi.Error):
            TopicFilter.parse(bad)
