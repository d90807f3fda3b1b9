"""What a person should know of how a run was read, and could not see from its curves."""

from __future__ import annotations

from pathlib import Path

from tuimon.core.batch import Problem
from tuimon.store.run import RunView


def notices(run: RunView, path: Path) -> tuple[Problem, ...]:
    """Return what is odd about a run that lies at `path`, each with what was made of it."""
    return tuple(
        Problem(
            run.sources.get(stream, str(path)),
            f"the step falls {falls:,} times: several writers in turn, or a counter that starts again; "
            "this is taken for one attempt and not for restarts",
        )
        for stream, falls in sorted(run.step_falls.items())
    )
