"""Makes the pictures of the documentation from the real screen: `python -m scripts.make_pictures`."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import tempfile
import time
from pathlib import Path

from scripts.screen_svg import screen_svg
from tuimon.monitor.monitor import Monitor
from tuimon.monitor.snapshot import RunState
from tuimon.recording.demo import baseline_lines, demo_lines
from tuimon.sources.naming import Root
from tuimon.tui.app import TuimonApp

_MOST_WAITS = 300
_DEMO_LINES = 1198
_A_DAY_S = 86400.0
# A run that logs every second looks paused once its last line is some seconds old.
_UNTIL_DRAWN_S = 6.0


def main() -> None:
    """Write one picture of the live screen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/screen.svg"))
    parser.add_argument("--size", default="120x40", help="columns x rows")
    parser.add_argument("--run", default="demo-run", help="the run to open")
    parser.add_argument("--keys", default="", help="keys to press first, separated by spaces")
    parser.add_argument("--theme", default="dark", choices=("dark", "light"))
    parser.add_argument(
        "path", nargs="?", type=Path, help="default: the run of `tuimon demo`, three quarters through"
    )
    args = parser.parse_args()
    os.environ["TZ"] = "UTC"
    time.tzset()
    columns, rows = (int(number) for number in args.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        path = args.path or write_demo(Path(folder) / "outputs")
        svg = asyncio.run(picture(path, args.run, (columns, rows), args.keys.split(), args.theme))
    args.out.write_text(svg, encoding="utf-8")
    print(f"wrote {args.out} ({len(svg) / 1000:.0f} kB)")


def write_demo(folder: Path) -> Path:
    """Write most of the demo run, its last line as late as the picture, and its baseline."""
    lines = list(itertools.islice(demo_lines(7, 0.0), _DEMO_LINES))
    late = time.time() + _UNTIL_DRAWN_S - float(str(lines[-1]["time"]))
    run = folder / "demo-run"
    run.mkdir(parents=True)
    with (run / "metrics.jsonl").open("w", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(line | {"time": float(str(line["time"])) + late}) + "\n")
    baseline = folder / "baseline"
    baseline.mkdir()
    before = baseline_lines(11, time.time() - _A_DAY_S)
    text = "".join(json.dumps(line) + "\n" for line in before)
    (baseline / "metrics.jsonl").write_text(text, encoding="utf-8")
    return folder


async def picture(path: Path, run: str, size: tuple[int, int], keys: list[str], theme: str) -> str:
    """Return the screen of `tuimon watch` on a folder as SVG, once everything was read and checked."""
    monitor = Monitor([Root(path)])
    app = TuimonApp(monitor, run_name=run, theme_name=theme)
    async with app.run_test(size=size) as pilot:
        for _ in range(_MOST_WAITS):
            await pilot.pause(0.1)
            if _is_complete(monitor.snapshot.run(run)):
                break
        await pilot.pause(1.0)
        await pilot.press(*keys)
        await pilot.pause(0.5)
        app.draw()
        shown = app.picture
    if shown is None:
        message = f"nothing was drawn for {path}"
        raise RuntimeError(message)
    return screen_svg(shown, size, theme, f"tuimon watch ./{path.name}")


def _is_complete(state: RunState | None) -> bool:
    return state is not None and state.loaded >= 1 and state.checked_step is not None


if __name__ == "__main__":
    main()
