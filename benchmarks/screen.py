"""What the live screen sends and costs: idle, at one and three updates a second, on opening a run, on a key.

Everything is measured from outside: `tuimon watch` runs in a terminal of 120x40 that notes each byte with
its time, nine charts of 2,000 points on the screen. The budget of the design: 0 B/s when no run is live,
2 kB/s at one update a second, 5 kB/s at three.
"""

from __future__ import annotations

import re
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pyte

from benchmarks.measure import (
    machine_watched,
    make_parser,
    percentile,
    print_table,
    spread,
    tree_memory_bytes,
    tuimon_command,
)
from benchmarks.terminal import Terminal
from benchmarks.workload import lines, write_run

_POINTS = 2000
_A_YEAR_S = 365 * 86400.0
# Three columns of charts: nine of them on one page.
NINE_CHARTS = "ccc"
# The list of runs is the pane before the charts; moving to its end opens the second run.
_TO_THE_RUNS, _NEXT_RUN = "\x1b[Z", "G"
_PATIENCE_S = 30.0
_QUIET_S = 0.8
# Each of them changes what every chart shows, and after two rounds everything is as it was.
_REDRAWING_KEYS = "sySy"
_KEY_INTERVAL_S = 0.4
# Its name stands in the title of every smoothed chart, so that the key is told apart from new points.
SMOOTHING_KEY, SMOOTHING = "s", re.compile(r"ema [.\d]+( ma \d+)?|ma \d+|smoothing: off")
_GROWING_INTERVAL_S = 0.1
_LIVE_BUDGETS = {1.0: "<= 2 kB/s", 3.0: "<= 5 kB/s"}


def main() -> None:
    """Measure and print."""
    parser = make_parser(__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each stretch (default: 20)")
    parser.add_argument("--keys", type=int, default=40, help="how many keys are timed (default: 40)")
    args = parser.parse_args()
    if args.quick:
        args.seconds, args.keys = 5.0, 8
    with machine_watched("screen"), tempfile.TemporaryDirectory() as name:
        rows = _measure_finished(Path(name) / "finished", args.seconds, args.keys)
        rows += _measure_live(Path(name) / "live", args.seconds)
        rows += _measure_keys_while_growing(Path(name) / "growing", args.keys)
        print_table(("what", "result", "budget"), rows)


def _measure_finished(folder: Path, seconds: float, key_count: int) -> list[tuple[str, str, str]]:
    """Measure with two runs that ended long ago: silence, opening the other run, keys."""
    write_run(folder / "first", _POINTS, time.time() - _A_YEAR_S)
    write_run(folder / "second", _POINTS, time.time() - 2 * _A_YEAR_S, first_step=7 * _POINTS)
    with Terminal(tuimon_command("watch", str(folder))) as terminal:
        _open_nine_charts(terminal)
        opened_bytes = terminal.byte_count
        rate, share = _rate_and_share(terminal, seconds)
        terminal.send(_TO_THE_RUNS)
        terminal.read_until_quiet(_QUIET_S, _PATIENCE_S)
        before = terminal.byte_count
        terminal.send(_NEXT_RUN)
        terminal.read_until_quiet(_QUIET_S, _PATIENCE_S)
        opening = terminal.byte_count - before
        memory_bytes = tree_memory_bytes(terminal.pid)
        pressed, used_s = _press_keys(terminal, key_count)
        delays = _screen_delays(terminal, pressed)
    return [
        ("from the start to nine charts", f"{opened_bytes / 1e3:.1f} kB", ""),
        ("idle, bytes a second", f"{rate:.0f} B/s", "0 B/s"),
        ("idle, CPU of one core", f"{100 * share:.2f} %", ""),
        ("opening another run", f"{opening / 1e3:.1f} kB", ""),
        ("key to changed screen, p50", f"{1e3 * percentile(delays, 0.5):.0f} ms", ""),
        ("key to changed screen, p95", f"{1e3 * percentile(delays, 0.95):.0f} ms", "<= 50 ms"),
        ("key to changed screen, quartiles", f"{spread(delays).text(1e3, 0)} ms of {len(delays)}", ""),
        ("CPU for a key that redraws nine charts", f"{1e3 * used_s / key_count:.0f} ms", ""),
        ("resident memory", f"{memory_bytes / 1e6:.0f} MB", ""),
    ]


def _measure_live(folder: Path, seconds: float) -> list[tuple[str, str, str]]:
    """Measure with one run that grows."""
    path = write_run(folder / "live", _POINTS, time.time())
    step = _POINTS
    rows = []
    with Terminal(tuimon_command("watch", str(folder))) as terminal, path.open("a") as file:
        _open_nine_charts(terminal)
        for per_s, budget in _LIVE_BUDGETS.items():
            count = round(seconds * per_s)
            before, cpu_s, begun = terminal.byte_count, terminal.cpu_s(), time.perf_counter()
            delays = []
            for index in range(count):
                sent = len(terminal.chunks)
                written = time.perf_counter()
                file.write(lines(step, 1, time.time(), 1.0))
                file.flush()
                step += 1
                terminal.read(begun + (index + 0.9) / per_s - time.perf_counter())
                delays += [chunk.at - written for chunk in terminal.chunks[sent : sent + 1]]
                terminal.read(begun + (index + 1) / per_s - time.perf_counter())
            elapsed_s = time.perf_counter() - begun
            rate = (terminal.byte_count - before) / elapsed_s
            share = (terminal.cpu_s() - cpu_s) / elapsed_s
            rows.append((f"{per_s:g} updates a second, bytes a second", f"{rate / 1e3:.2f} kB/s", budget))
            rows.append((f"{per_s:g} updates a second, CPU of one core", f"{100 * share:.1f} %", ""))
            for name, fraction in (("p50", 0.5), ("p95", 0.95)):
                delay = f"{1e3 * percentile(delays, fraction):.0f} ms" if delays else "-"
                rows.append((f"{per_s:g} updates a second, append to pixels, {name}", delay, ""))
    return rows


def _measure_keys_while_growing(folder: Path, key_count: int) -> list[tuple[str, str, str]]:
    """Press a key again and again while a line is logged ten times a second."""
    path = write_run(folder / "live", _POINTS, time.time())
    stopping = threading.Event()
    writer = threading.Thread(target=_grow, args=(path, stopping))
    with Terminal(tuimon_command("watch", str(folder))) as terminal:
        _open_nine_charts(terminal)
        writer.start()
        pressed = []
        for _ in range(key_count):
            pressed.append(terminal.send(SMOOTHING_KEY))
            terminal.read(_KEY_INTERVAL_S)
        stopping.set()
        writer.join()
        found = delays_of(terminal, pressed, SMOOTHING)
    return [
        ("ten updates a second, key, p50", f"{1e3 * percentile(found, 0.5):.0f} ms", "<= 30 ms"),
        ("ten updates a second, key, p95", f"{1e3 * percentile(found, 0.95):.0f} ms", "<= 60 ms"),
    ]


def _grow(path: Path, stopping: threading.Event) -> None:
    step = _POINTS
    with path.open("a") as file:
        while not stopping.wait(_GROWING_INTERVAL_S):
            file.write(lines(step, 1, time.time(), 1.0))
            file.flush()
            step += 1


def delays_of(terminal: Terminal, pressed: Sequence[float], sign: re.Pattern[str]) -> list[float]:
    """Return for each key how long it took until the screen said so, in seconds.

    Keys that one picture answers have waited for it all.

    Args:
        terminal: What was written, all of it.
        pressed: When each key was pressed.
        sign: What on the screen every key changes, and nothing else does.
    """
    delays: list[float] = []
    shown = ""
    for at, screen in terminal.screens():
        found = sign.search("\n".join(map(str, screen.display)))
        now = found[0] if found else ""
        if now != shown:
            delays += [at - since for since in pressed[len(delays) :] if since <= at]
        shown = now
    return delays


def _open_nine_charts(terminal: Terminal) -> None:
    """Wait for the first picture, and bring nine charts to the screen."""
    if not terminal.read(_PATIENCE_S, lambda: terminal.braille_count() > 0):
        raise RuntimeError("tuimon watch showed no curve")
    terminal.read_until_quiet(_QUIET_S, 4 * _QUIET_S)
    terminal.send(NINE_CHARTS)
    terminal.read_until_quiet(_QUIET_S, 4 * _QUIET_S)


def _rate_and_share(terminal: Terminal, seconds: float) -> tuple[float, float]:
    """Return bytes a second and the share of one core over a stretch in which nobody touches anything."""
    before, cpu_s, begun = terminal.byte_count, terminal.cpu_s(), time.perf_counter()
    terminal.read(seconds)
    elapsed_s = time.perf_counter() - begun
    return (terminal.byte_count - before) / elapsed_s, (terminal.cpu_s() - cpu_s) / elapsed_s


def _press_keys(terminal: Terminal, count: int) -> tuple[list[float], float]:
    """Press keys with pauses; return when each was pressed, and the CPU seconds of all of them."""
    cpu_s = terminal.cpu_s()
    pressed = []
    for index in range(count):
        pressed.append(terminal.send(_REDRAWING_KEYS[index % len(_REDRAWING_KEYS)]))
        terminal.read(_KEY_INTERVAL_S)
    return pressed, terminal.cpu_s() - cpu_s


def _screen_delays(terminal: Terminal, pressed: list[float]) -> list[float]:
    """Return for each key how long it took until the whole change was written, in seconds.

    A key without any change on the screen is left out.
    """
    delays: dict[int, float] = {}
    shown: list[str] = []
    for at, screen in terminal.screens():
        if at < pressed[0]:
            shown = _cells(screen)
            continue
        now = _cells(screen)
        if now != shown:
            shown = now
            key = max(index for index, since in enumerate(pressed) if since <= at)
            delays[key] = at - pressed[key]
    return list(delays.values())


def _cells(screen: pyte.Screen) -> list[str]:
    return [str(line) for line in screen.display]


if __name__ == "__main__":
    main()
