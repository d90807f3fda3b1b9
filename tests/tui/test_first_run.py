"""Which run a screen opens by itself."""

from __future__ import annotations

from dataclasses import replace

from tests.tui.feeds import FixedFeed
from tests.tui.states import NOW, sample_state, snapshot_of
from tuimon.analysis.status import Status
from tuimon.store.run_store import RunStore
from tuimon.tui.app import TuimonApp


async def test_a_run_that_was_read_goes_before_those_of_which_nothing_is_known_yet() -> None:
    # As just after a clone: all files are of one moment, and only one run was read.
    read = replace(sample_state("diverged"), changed_at=NOW)
    unread = replace(
        sample_state("healthy"), run=RunStore().freeze(), status=Status.WAITING, loaded=0.0, changed_at=NOW
    )
    app = TuimonApp(FixedFeed(snapshot_of(read, unread)))
    async with app.run_test(size=(120, 40)):
        assert app.view.run_name == "diverged"
