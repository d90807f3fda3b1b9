"""Threads that step back; each test has a thread of its own, for a priority cannot be raised again."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from tuimon.monitor.monitor import Monitor
from tuimon.monitor.priority import NICENESS, be_nice
from tuimon.sources.naming import Root

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


@pytest.mark.parametrize("for_screen", [False, True])
def test_the_threads_of_a_monitor_step_back(tmp_path: Path, *, for_screen: bool) -> None:
    (tmp_path / "a.jsonl").write_text('{"step": 1, "loss": 2.0}\n')
    monitor = Monitor([Root(tmp_path)], for_screen=for_screen)
    monitor.start()
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("tuimon-")]
    end = time.monotonic() + 20
    while min(os.getpriority(os.PRIO_PROCESS, thread.native_id or 0) for thread in threads) < NICENESS:
        assert time.monotonic() < end
        time.sleep(0.01)
    monitor.stop()
    assert len(threads) == 2
