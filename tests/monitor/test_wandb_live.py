"""A W&B run that is followed while the library writes it: its own file, appended piece by piece."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from tests.sources.reading import points_by_tag
from tests.watching import points, state_of, wait_for, watching
from tuimon.analysis.status import Status
from tuimon.monitor.snapshot import Snapshot
from tuimon.sources.base import UNBOUNDED
from tuimon.sources.wandb_file import WandbFactory

WRITTEN = Path(__file__).parents[1] / "fixtures" / "wandb" / "offline.wandb"
NAME = "wandb/offline-run-20260101_000000-abc/run-abc.wandb"
# The library hands its writes to the system as they come: records are cut anywhere.
PIECE = 4001


def test_a_run_is_followed_while_it_is_written(tmp_path: Path) -> None:
    content = WRITTEN.read_bytes()
    path = tmp_path / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(content[:7])
    seen: list[int] = []
    with watching(tmp_path) as monitor:
        for begin in range(7, len(content), PIECE):
            with path.open("ab") as file:
                file.write(content[begin : begin + PIECE])
            whole = points_by_tag(WandbFactory().open((path,)).read(UNBOUNDED).records)
            wanted = {tag: len(column.values) for tag, column in whole.items()}
            snapshot = wait_for(monitor, partial(_shows, wanted=wanted), hurry=True)
            seen.append(wanted.get("train/loss", 0))
            if begin + PIECE < len(content):
                assert all(run.status is not Status.FAILED for run in snapshot.runs)
        name = snapshot.runs[0].name
        ended = wait_for(monitor, lambda s: state_of(s, name).status is Status.FAILED)
    assert seen == sorted(seen)
    assert len({count for count in seen if 0 < count < 40}) >= 3
    assert state_of(ended, name).run.series["train/loss"].statistics.last_step == 78


def _shows(snapshot: Snapshot, wanted: Mapping[str, int]) -> bool:
    if not snapshot.runs:
        return not wanted
    name = snapshot.runs[0].name
    return all(points(snapshot, name, tag) == count for tag, count in wanted.items())
