from __future__ import annotations

import pytest

from tuimon.core.cores import has_idle_core, usable_cores


def test_a_core_is_idle_where_the_load_leaves_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 3, 5, 7}, raising=False)
    assert usable_cores() == 4
    found = {}
    for load in (0.0, 2.9, 3.1, 9.0):
        monkeypatch.setattr("os.getloadavg", lambda load=load: (load, 0.0, 0.0))
        found[load] = has_idle_core()
    assert found == {0.0: True, 2.9: True, 3.1: False, 9.0: False}


def test_where_the_load_is_not_told_no_core_is_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    def untold() -> tuple[float, float, float]:
        raise OSError

    monkeypatch.setattr("os.getloadavg", untold)
    assert not has_idle_core()
