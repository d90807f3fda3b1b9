"""Who is read and judged before whom."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.watching import rows, write
from tuimon.core import share
from tuimon.monitor import turns
from tuimon.monitor.judging import SLICE_ROWS
from tuimon.monitor.turns import Turns
from tuimon.monitor.watching import RunWatch
from tuimon.monitor.watchlist import Watchlist
from tuimon.sources.base import UNBOUNDED
from tuimon.sources.naming import Root


class Now:
    """A monotonic clock that stands still; whoever judges moves it on."""

    def __init__(self) -> None:
        self.at = 1000.0

    def monotonic(self) -> float:
        return self.at


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Now:
    clock = Now()
    monkeypatch.setattr(turns, "time", clock)
    monkeypatch.setattr(share, "time", clock)
    return clock


@pytest.fixture
def watches(tmp_path: Path) -> Watchlist:
    """Return three runs; `c` changed last."""
    for number, name in enumerate("abc"):
        path = write(tmp_path / f"{name}.jsonl", rows(range(5 * SLICE_ROWS // 2)))
        os.utime(path, (1.7e9 + number, 1.7e9 + number))
    found = Watchlist([Root(tmp_path)], None, None)
    found.look()
    return found


def read(watch: RunWatch) -> RunWatch:
    watch.pending, _ = watch.read(UNBOUNDED)
    watch.schedule.due = 1e9
    return watch


def names_of(turns_: Turns, opened: RunWatch | None = None, *, most: int = 20) -> str:
    """Return the names of those whose turn it is, each judged a slice if it may be."""
    told = ""
    for watch, _ in zip(turns_.take(opened), range(most), strict=False):
        told += watch.name
        if watch.pending and (turns_.may_judge or watch.live or watch is opened):
            turns_.judge(watch)
    return told


def test_others_are_judged_one_after_the_other_when_all_are_read(watches: Watchlist, now: Now) -> None:
    order = Turns()
    a, b, c = watches
    read(a)
    read(b)
    assert order.begin(watches, None, published=True)
    # What was not read has its turn, and nobody else.
    assert names_of(order) == "c"
    read(c)
    now.at += 1
    order.begin(watches, None, published=True)
    order.begin(watches, None, published=True)
    assert names_of(order) == "cccbbbaaa"
    assert not any(watch.pending for watch in watches)


def test_live_runs_are_judged_before_all_are_read(watches: Watchlist, now: Now) -> None:
    order = Turns()
    a, b, _ = watches
    read(a).live = True
    read(b)
    now.at += 1
    order.begin(watches, None, published=True)
    assert names_of(order, most=1) == "a"
    assert a.pending


@pytest.mark.usefixtures("now")
def test_the_open_run_has_a_turn_in_each_round(watches: Watchlist) -> None:
    order = Turns()
    a, b, c = (read(watch) for watch in watches)
    order.begin(watches, "a", published=True)
    assert names_of(order, a, most=2) == "ac"
    order.begin(watches, "a", published=True)
    assert names_of(order, a, most=2) == "ac"
    assert (a.pending, b.pending, c.pending) == (True, True, True)


def test_judging_has_its_share_of_the_time(
    watches: Watchlist, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = Turns()
    for watch in watches:
        read(watch)

    def judge_slowly(*_: object) -> bool:
        now.at += 1.0
        return True

    monkeypatch.setattr("tuimon.monitor.judging.RunJudge.extend", judge_slowly)
    started, worked = now.at, 0
    for _ in range(200):
        order.begin(watches, None, published=True)
        worked += len(names_of(order, most=1))
        now.at = max(now.at, order.judge_at)
    assert 0.35 < worked / (now.at - started) < 0.55
