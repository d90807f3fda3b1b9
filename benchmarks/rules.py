"""What judging the lines of runs costs beside `json.loads` of the same lines.

The runs are those below `--lines` (folders of JSON lines), else made-up ones: a line of four metrics every
few seconds, an evaluation now and then, and as often as a line a record of the sensors of two, four or eight
GPUs and of their host. Each run is read by tuimon first; then, in turns and in one process, its lines are
parsed one by one with nothing kept, and its points are judged by all rules, in slices as the program does
it; last, together with all that leads there: the points of its series merged into the order in which they
were logged, and where it ends. Times are CPU seconds.
"""

from __future__ import annotations

import gc
import json
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.measure import machine_watched, make_parser, print_table, spread
from tuimon.analysis.findings.engine import FindingEngine
from tuimon.analysis.totals import find_totals
from tuimon.monitor.judging import SLICE_ROWS, RunJudge
from tuimon.monitor.watching import RunWatch
from tuimon.sources.base import UNBOUNDED
from tuimon.sources.discovery import Discoverer
from tuimon.sources.naming import Root
from tuimon.store.rows import RowReader, Rows
from tuimon.store.run import RunView

_START_S = 1.75e9
_GPUS = (2, 4, 8)


def main() -> None:
    """Measure and print."""
    parser = make_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of everything (default: 5)")
    parser.add_argument("--runs", type=int, default=30, help="runs that are made up (default: 30)")
    parser.add_argument("--lines", type=Path, metavar="FOLDER", help="judge these runs instead")
    args = parser.parse_args()
    rounds, runs = (1, 3) if args.quick else (args.rounds, args.runs)
    with machine_watched("rules"), tempfile.TemporaryDirectory() as made:
        for number in range(0 if args.lines else runs):
            _write(Path(made) / f"run{number:03}.jsonl", number)
        _measure(args.lines or Path(made), rounds)


def _measure(folder: Path, rounds: int) -> None:
    found = []
    for ref in Discoverer().discover([Root(folder, None)]).runs:
        path = ref.sources[0].paths[0]
        watch = RunWatch(ref, None, with_rules=False)
        while watch.read(UNBOUNDED)[1]:
            pass
        watch.reading.close()
        found.append((path.read_text(encoding="utf-8").splitlines(), watch.view))
    lines = sum(len(each) for each, _ in found)
    costs: dict[str, list[float]] = {"json.loads": [], "all rules": [], "with merging the series": []}
    gc.freeze()
    for _ in range(rounds):
        total = dict.fromkeys(costs, 0.0)
        for each, view in found:
            rows = RowReader(FindingEngine.wanted).read(view)
            total["json.loads"] += _cpu_s(partial(_parse, each))
            total["all rules"] += _cpu_s(partial(_judge, rows, view))
            total["with merging the series"] += _cpu_s(partial(_judge_as_watched, view))
        for name, seconds in total.items():
            costs[name].append(seconds)
    parsing_s = spread(costs["json.loads"]).median
    print_table(
        ("what", "µs of CPU per line, median (quartiles)", "times json.loads"),
        [
            (name, spread(each).text(1e6 / lines), f"{spread(each).median / parsing_s:.2f}")
            for name, each in costs.items()
        ],
    )


def _cpu_s(work: Callable[[], object]) -> float:
    began_s = time.process_time()
    work()
    return time.process_time() - began_s


def _parse(lines: list[str]) -> None:
    for line in lines:
        json.loads(line)


def _judge(rows: Rows, view: RunView) -> None:
    engine, at = FindingEngine("run"), 0
    total = find_totals(view, None).total_steps
    while at < len(rows):
        stop = rows.border(at + SLICE_ROWS)
        engine.extend(rows.part(at, stop), view.attempts, total, view.config)
        at = stop


def _judge_as_watched(view: RunView) -> None:
    judge = RunJudge("run", None, with_rules=True)
    while judge.extend(view):
        pass


def _write(path: Path, seed: int) -> None:
    """Write a run of some hundred lines without a fault."""
    rng = np.random.default_rng(seed)
    gpus, count = _GPUS[seed % len(_GPUS)], int(rng.integers(300, 1000))
    share = np.arange(1, count + 1) / count
    losses = (1.5 + 2.5 * (0.02 / (share + 0.02)) ** 0.7) * np.exp(0.03 * rng.standard_normal(count))
    norms = np.exp(0.2 * rng.standard_normal(count))
    intervals = 4.0 * np.exp(0.08 * rng.standard_normal(count))
    time_s = _START_S
    rows: list[dict[str, object]] = [{"time": time_s, "config": {"max_steps": 10 * count}}]
    for at in range(count):
        time_s += float(intervals[at])
        row: dict[str, object] = {
            "time": round(time_s, 3),
            "step": 10 * (at + 1),
            "loss": round(float(losses[at]), 4),
        }
        row |= {"grad_norm": round(float(norms[at]), 4), "lr": round(3e-4 * (1 - share[at]), 9)}
        rows.append(row | {"step_time": round(float(intervals[at]) / 10, 4)})
        if at % 50 == 49:
            rows.append(
                {"time": round(time_s + 2, 3), "step": 10 * (at + 1), "eval_loss": round(losses[at] + 0.1, 4)}
            )
        rows.append({"time": round(time_s + 2.5, 3), **_sensors(rng, gpus, float(share[at]))})
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="ascii")


def _sensors(rng: np.random.Generator, gpus: int, share: float) -> dict[str, object]:
    noise = rng.standard_normal((gpus, 4)).tolist()
    readings: dict[str, object] = {}
    for gpu, (util, used, heat, clock) in enumerate(noise):
        readings |= {
            f"gpu.{gpu}.util": round(min(100.0, 94 + 2 * util), 1),
            f"gpu.{gpu}.mem_used_gb": round(61 + 0.05 * used, 2),
            f"gpu.{gpu}.mem_total_gb": 80.0,
            f"gpu.{gpu}.temp_c": round(66 + heat, 1),
            f"gpu.{gpu}.sm_clock_mhz": round(1410 + 8 * clock),
            f"gpu.{gpu}.throttle": 0,
        }
    cpu, memory = rng.standard_normal(2).tolist()
    host = {"cpu.util": round(35 + 5 * cpu, 1), "host.mem_used_pct": round(41 + 0.1 * memory, 1)}
    return readings | host | {"host.rss_gb": 14.2, "disk.used_pct": round(50 + 8 * share, 2), "proc.alive": 1}


if __name__ == "__main__":
    main()
