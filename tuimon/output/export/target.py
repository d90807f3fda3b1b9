"""Where an export goes: a file, standard output, or a folder with an event file per run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from tuimon.core.errors import UsageError

EVENT_FILE_NAME = "events.out.tfevents.0"
"""TensorBoard takes for an event file what has `tfevents` in its name."""


def event_file_of(folder: Path, run: str) -> Path:
    """Return where the event file of a run goes: in a folder of its name, below `folder` in any case."""
    parts = [part if part not in ("..", ".") else "_" for part in PurePosixPath(run).parts if part != "/"]
    return folder.joinpath(*parts, EVENT_FILE_NAME)


def refuse_sources(targets: Iterable[Path], sources: Iterable[Path]) -> None:
    """Raise if a file that is to be written is one of those that are read.

    Raises:
        UsageError: It is.
    """
    read = {path.resolve() for path in sources}
    for target in targets:
        if target.resolve() in read:
            raise UsageError("is what the run is read from", str(target), "write to another file")


def refuse_run_folders(targets: Iterable[Path], folders: Iterable[Path]) -> None:
    """Raise if a file is to be written into the folder of a run that is read.

    Raises:
        UsageError: It is.
    """
    runs = {path.resolve() for path in folders}
    for target in targets:
        if not runs.isdisjoint(target.resolve().parents):
            raise UsageError("lies in the folder of a run", str(target), "write to another folder")
