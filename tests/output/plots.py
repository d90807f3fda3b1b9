"""Runs to draw: their states, and figures of them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path

from tuimon.monitor.once import read_once
from tuimon.monitor.snapshot import RunState
from tuimon.output.figure import Figure
from tuimon.output.panels import Choice, make_figure
from tuimon.sources.naming import parse_root

# Each may be in a log: markup, a quote that ends an attribute, terminal control, direction, what no XML may
# hold, a lone surrogate.
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "]]></style><svg onload=alert(1)>",
    "loss\x1b[31m\x07\x9b2J",
    "loss\u202eevil\u200b",
    "\ufffe\uffff&amp;&#x3c;b>",
    "| table ` code ` [link](javascript:alert(1)) ![i](x)",
    "line\nbreak\r\n# heading",
)


def states(*paths: str | Path) -> tuple[RunState, ...]:
    """Return the states of all runs below some paths, read to their ends."""
    return read_once([parse_root(str(path)) for path in paths]).runs


def figure(*paths: str | Path, columns: int = 300) -> Figure:
    """Return the picture of all runs below some paths."""
    return make_figure(states(*paths), Choice(columns=columns))


def write_rows(path: Path, rows: Iterable[Mapping[str, object]]) -> Path:
    """Write JSON lines; return the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def east_asian_run(path: Path) -> Path:
    """Write a run with Chinese, Japanese and Korean names."""
    return write_rows(
        path,
        (
            {
                "step": step,
                "time": 1.7e9 + step,
                "训练/损失": 3 * math.exp(-step / 50) + 0.05 * math.sin(step * 7),
                "学习率": 1e-3 * (1 - step / 200),
                "勾配ノルム": 1 + 0.3 * math.sin(step * 3),
            }
            for step in range(200)
        ),
    )


def hostile_run(path: Path) -> Path:
    """Write a run whose names and texts try to leave their places."""
    rows: list[dict[str, object]] = [{"time": 1.7e9, "config": dict.fromkeys(HOSTILE, HOSTILE[0])}]
    for step in range(60):
        tags = {f"{hostile}/loss": 1 / (step + 1) for hostile in HOSTILE}
        rows.append({"step": step, "time": 1.7e9 + step, "loss": 3.0 / (step + 1), **tags})
    return write_rows(path, rows)
