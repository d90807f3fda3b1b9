"""Where an export goes: a file, standard output, or a folder with an event file per run."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

EVENT_FILE_NAME = "events.out.tfevents.0"
"""TensorBoard takes for an event file what has `tfevents` in its name."""


def event_file_of(folder: Path, run: str) -> Path:
    """Return where the event file of a run goes: in a folder of its name, below `folder` in any case."""
    parts = [part if part not in ("..", ".") else "_" for part in PurePosixPath(run).parts if part != "/"]
    return folder.joinpath(*parts, EVENT_FILE_NAME)
