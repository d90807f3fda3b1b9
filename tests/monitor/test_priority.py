"""Threads that step back; each test has a thread of its own, for a priority cannot be raised again."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from tuimon.monitor.priority import NICENESS, be_nice

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has priorities of threads")


def niceness_after(first: int) -> int:
    """The niceness of a thread that had `first` and was told to be nice."""
    seen: list[int] = []

    def step_back() -> None:
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, first)
        be_nice()
        seen.append(os.getpriority(os.PRIO_PROCESS, thread))

    worker = threading.Thread(target=step_back)
    worker.start()
    worker.join()
    return seen[0]


def test_a_thread_steps_back_behind_the_training() -> None:
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert niceness_after(own) == max(own, NICENESS)
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == own


def test_a_thread_that_stands_further_back_stays_there() -> None:
    assert niceness_after(19) == 19
