"""Any keys in any order, at changing sizes, while data comes and goes: nothing raises."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.tui.drawing import drawn_panes
from tests.tui.feeds import FixedFeed
from tests.tui.keyboard import press
from tests.tui.states import (
    eight_gpus,
    live_state,
    make_state,
    sample_snapshot,
    sample_state,
    scalar_state,
    snapshot_of,
)
from tuimon.monitor.replay import Replay
from tuimon.tui.app import TuimonApp
from tuimon.tui.keys import KEYS

LEAVING = {"q", "ctrl+c", "ctrl+z"}
NAMES = [name for key in KEYS for name in key.keys.split(",") if name not in LEAVING]
SIZES = [(80, 24), (120, 40), (200, 60), (40, 12), (10, 4), (1, 1), (300, 20), (30, 90)]
TYPED = [*"los(!*[", "backspace", "left", "enter", "enter", "escape"]


def snapshots() -> list[object]:
    return [
        sample_snapshot(),
        snapshot_of(),
        snapshot_of(live_state(), hardware=(eight_gpus(),)),
        snapshot_of(make_state([]), scalar_state({"once": [1.0]}, name="facts")),
        replace(sample_snapshot(), runs=sample_snapshot().runs[:2]),
    ]


@pytest.mark.parametrize("seed", range(4))
async def test_keys_at_random(seed: int) -> None:
    choose = random.Random(seed)  # noqa: S311  # makes a test, not a secret
    feed = FixedFeed(sample_snapshot())
    app = TuimonApp(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        for _ in range(15):
            keys = choose.choices(NAMES, k=6)
            if choose.random() < 0.3:
                keys += [choose.choice(["slash", "colon"]), *choose.choices(TYPED, k=5)]
            await press(pilot, *keys)
            if choose.random() < 0.3:
                await pilot.resize_terminal(*choose.choice(SIZES))
            if choose.random() < 0.3:
                feed.show(choose.choice(snapshots()))  # type: ignore[arg-type]  # snapshots all
                app.draw()
            assert app.picture is not None
            assert list(drawn_panes(app.picture))


@pytest.mark.parametrize("name", ["diverged", "resumed"])
async def test_keys_at_random_in_a_replay(name: str) -> None:
    choose = random.Random(name)  # noqa: S311  # makes a test, not a secret
    app = TuimonApp(Replay(sample_state(name), speed=50.0), run_name=name)
    async with app.run_test(size=(120, 40)) as pilot:
        for _ in range(15):
            await press(pilot, *choose.choices([*NAMES, "w", "b", "comma", "full_stop"], k=5), "escape")
            assert app.picture is not None
            assert list(drawn_panes(app.picture))
