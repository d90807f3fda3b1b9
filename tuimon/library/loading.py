"""Read runs into memory."""

from __future__ import annotations

import os
from pathlib import Path

from tuimon.library.run import Run, Runs
from tuimon.monitor.once import read_once
from tuimon.sources.naming import Root, parse_root


def load(*paths: str | os.PathLike[str], total_steps: int | None = None, with_findings: bool = False) -> Runs:
    """Read all runs at and below some paths, to their ends.

    Bad data is no error: what could not be read is told in `Run.problems` and `Runs.problems`.

    Args:
        paths: Folders with runs, run folders or files; a text `NAME=PATH` gives a run a name. Without
            any, the current folder.
        total_steps: The total number of steps of each run, where no file tells it.
        with_findings: Whether to look for what is wrong with each run, as `tuimon check` does. That takes
            longer than reading.

    Raises:
        NoRunError: There is no run.
    """
    roots = [_root_of(path) for path in paths or (".",)]
    reading = read_once(roots, total=total_steps, with_rules=with_findings)
    return Runs(map(Run, reading.runs), reading.problems)


def _root_of(path: str | os.PathLike[str]) -> Root:
    return parse_root(path) if isinstance(path, str) else Root(Path(path))
