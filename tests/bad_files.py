"""Files as they should not be, and what is said of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.commands import only_run, summarised
from tests.sources import event_writer
from tests.watching import rows, write

LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
EVENTS = "events.out.tfevents.1700000000.host.1.0"
LONG_AGO = 1.7e9
Forbid = Callable[[Path], None]


def forbidding(monkeypatch: pytest.MonkeyPatch) -> Forbid:
    """Return what takes away the right to read a file or folder; for root, who may read all, it is acted."""
    forbidden: set[str] = set()
    real_open, real_scandir = os.open, os.scandir

    def refuse(path: Any) -> None:  # noqa: ANN401  # whatever os.open takes
        if str(path) in forbidden and not os.stat(path).st_mode & 0o400:  # noqa: PTH116  # may be a string
            raise PermissionError(13, "Permission denied", str(path))

    def acting_open(path: Any, *arguments: Any, **named: Any) -> int:  # noqa: ANN401  # as os.open
        refuse(path)
        return real_open(path, *arguments, **named)

    def acting_scandir(path: Any) -> Any:  # noqa: ANN401  # as os.scandir
        refuse(path)
        return real_scandir(path)

    monkeypatch.setattr(os, "open", acting_open)
    monkeypatch.setattr(os, "scandir", acting_scandir)

    def take_away(path: Path) -> None:
        path.chmod(0o000)
        forbidden.add(str(path))

    return take_away


def problems_of(*paths: Path) -> list[str]:
    """Return every problem that the summary tells, of runs and of paths that are part of none."""
    document = summarised(*paths)
    told = [*document["problems"], *(each for state in document["runs"] for each in state["problems"])]
    return [f"{each['path']}: {each['message']}" for each in told]


def losses(path: Path) -> dict[str, Any]:
    found = only_run(path)["series"]["loss"]
    assert isinstance(found, dict)
    return found


def make_old(path: Path) -> Path:
    """Let a file look as if nobody has written to it for long: what is unfinished in it stays so."""
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def write_events(path: Path, *parts: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(parts))
    return path


def training(steps: range) -> list[bytes]:
    return event_writer.loop(steps, tags=("loss",))


HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e\u200b\x7f\r\n\t"
HOSTILE_NAMES = (
    "re\x1b[31md",
    "bell\x07",
    "csi\x9b2J",
    "tab\tnew\nline",
    "rtl\u202etxt",
    "损失曲线",
    "wide🔥",
)


def hostile_folder(folder: Path) -> Path:
    """Make runs whose names, tags, texts and configs hold what a terminal would obey."""
    for name in HOSTILE_NAMES:
        hostile_rows: list[dict[str, object]] = [
            {"config": {f"key{HOSTILE}": f"value{HOSTILE}", "max_steps": 100}, "time": LONG_AGO},
            {"event": f"checkpoint {HOSTILE}", "step": 5, "message": f"saved {HOSTILE}"},
        ]
        for row in rows(range(1, 60)):
            value = float("nan") if row["step"] == 50 else row["loss"]
            hostile_rows.append(
                {"step": row["step"], "time": row["time"], f"{HOSTILE}/loss": value, "损失/loss": value}
            )
        write(folder / f"{name}.jsonl", hostile_rows)
    if sys.platform == "linux":
        Path(os.fsdecode(bytes(folder) + b"/not-utf8-\xff\xfe.jsonl")).write_text(
            '{"step": 1, "loss": 2}\n', encoding="utf-8"
        )
    write_events(
        folder / "events" / EVENTS,
        event_writer.version(),
        *event_writer.loop(range(20), tags=(f"{HOSTILE}/loss", "訓練/loss")),
    )
    (folder / f"junk{HOSTILE_NAMES[0]}.jsonl").write_bytes(b"\x00\x01\x02 no JSON")
    (folder / f"{HOSTILE_NAMES[2]}.ndjson").write_bytes(LFS_POINTER)
    return folder


def bad_folder(folder: Path, forbid: Forbid) -> Path:
    """Make one of each kind of what cannot be read, or not as it seems, beside a good run."""
    write(folder / "good" / "metrics.jsonl", rows(range(30)))
    forbid(write(folder / "unreadable" / "metrics.jsonl", rows(range(10))))
    for index, name in enumerate((EVENTS, "metrics.jsonl", "trainer_state.json")):
        write_events(folder / f"pointer{index}" / name, LFS_POINTER)
    (folder / "junk.jsonl").write_bytes(bytes(range(256)) * 64)
    for size in (0, 40):
        write_events(folder / f"killed{size}" / EVENTS, event_writer.version()[:size])
    records = [event_writer.version(), *training(range(20))]
    make_old(write_events(folder / "cut" / EVENTS, *records[:-1], records[-1][:-5]))
    write_events(folder / "corrupt" / EVENTS, *records[:9], bytes(len(records[9])), *records[10:])
    lines = write(folder / "lines" / "metrics.jsonl", rows(range(10)))
    with lines.open("a", encoding="utf-8") as file:
        file.write('{"step": \n{"step": 11, "loss": 1, "note": "' + "x" * (10 << 20) + '"}\n[]\n')
    write(lines, rows(range(12, 20)), mode="a")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    return folder
