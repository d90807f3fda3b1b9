from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tuimon.hardware.process import process_is_alive, process_name


def test_a_process_lives_until_it_ends() -> None:
    child = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    assert process_is_alive(child.pid) is True
    assert process_name(child.pid) == "cat"
    child.communicate()
    assert process_is_alive(child.pid) is False
    assert process_name(child.pid) is None


def test_a_zombie_does_not_live() -> None:
    child = subprocess.Popen(["true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert process_is_alive(child.pid) is False
    child.wait()


def test_pids_that_cannot_be() -> None:
    for pid in (-1, 2**31 - 1, 2**80):
        assert process_is_alive(pid) is False
        assert process_name(pid) is None


def test_without_psutil_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert process_is_alive(os.getpid()) is None
    assert process_name(os.getpid()) is None
