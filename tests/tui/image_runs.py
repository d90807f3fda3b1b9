"""Runs that logged images, in a real event file."""

from __future__ import annotations

from pathlib import Path

from tuimon.monitor.once import read_once
from tuimon.monitor.snapshot import RunState
from tuimon.output.export import messages
from tuimon.output.export.event_file import framed
from tuimon.sources.naming import Root


def event_file(*images: tuple[str, int, bytes]) -> bytes:
    """An event file with a curve, and images as (tag, step, content)."""
    events = [messages.event(1e9, 0, messages.file_version())]
    events += [messages.event(1e9 + step, step, messages.image(tag, 6, 4, png)) for tag, step, png in images]
    return b"".join(map(framed, events))


def state_of(folder: Path) -> RunState:
    (folder / "metrics.jsonl").write_text(
        "".join(f'{{"step": {n}, "loss": {1 / (n + 1)}}}\n' for n in range(9))
    )
    (state,) = read_once([Root(folder)]).runs
    return state


def logged(folder: Path, *images: tuple[str, int, bytes]) -> RunState:
    (folder / "events.out.tfevents.1.host").write_bytes(event_file(*images))
    return state_of(folder)
