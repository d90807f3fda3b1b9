"""Runs to look at: real stores, judged by the real rules, frozen at a time that never changes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tuimon.core.batch import ConfigRecord, LifecycleRecord, Problem, Record, ScalarBatch
from tuimon.core.hardware import GpuSample, HardwareSample, HostSample
from tuimon.monitor.judging import RunJudge
from tuimon.monitor.once import read_once
from tuimon.monitor.snapshot import RunState, Snapshot
from tuimon.sources.naming import Root
from tuimon.store.run_store import RunStore

ROOT = Path(__file__).parent.parent.parent
SAMPLE_RUNS = ROOT / "sample_runs"
# 7 March 2026, 12:00 UTC: the day after the last sample run.
NOW = 1_772_884_800.0
START = NOW - 3600.0
COPIED = NOW - 86_400.0


@cache
def sample_states() -> tuple[RunState, ...]:
    """All sample runs, read to their ends; from a copy, for the times of files are shown too."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "sample_runs"
        shutil.copytree(SAMPLE_RUNS, copy)
        for path in copy.rglob("*"):
            os.utime(path, (COPIED, COPIED))
        return read_once([Root(copy)], with_rules=True).runs


def sample_state(name: str) -> RunState:
    return next(state for state in sample_states() if state.name == name)


def sample_snapshot() -> Snapshot:
    return Snapshot(1, NOW, (Path("sample_runs"),), sample_states())


def snapshot_of(*states: RunState, **others: object) -> Snapshot:
    plain = Snapshot(1, NOW, (Path("outputs"),), states)
    return replace(plain, **others)  # type: ignore[arg-type]  # replace checks the names itself


def batch(
    tag: str, values: Sequence[float], steps: Sequence[int] | None = None, *, seconds_per_step: float = 1.0
) -> ScalarBatch:
    """Points of one tag; without steps they are 1, 2, 3, …"""
    chosen = np.arange(1, len(values) + 1) if steps is None else np.asarray(steps, np.int64)
    order = np.arange(len(values))
    return ScalarBatch(
        (tag,),
        order,
        chosen,
        (START + order * seconds_per_step).astype(np.float64),
        (np.asarray(values, np.float64),),
    )


def make_state(
    records: Iterable[Record],
    *,
    name: str = "run-1",
    live: bool = False,
    now: float = NOW,
    problems: Sequence[Problem] = (),
    total: int | None = None,
) -> RunState:
    """The state of a run that logged these records, as the monitor makes it."""
    store = RunStore()
    store.extend(0, list(records))
    view = store.freeze()
    judge = RunJudge(name, total, with_rules=True)
    judge.extend(view, None)
    verdict = judge.verdict(view, now, live=live, changed_at=now)
    engine = judge.engine
    assert engine is not None
    return RunState(
        name=name,
        path=Path("outputs") / name,
        formats=("jsonl",),
        run=view,
        status=verdict.status,
        progress=verdict.progress,
        findings=engine.findings,
        problems=tuple(problems),
        loaded=1.0,
        changed_at=now,
        checked_step=engine.checked_step,
    )


def scalar_state(values_by_tag: Mapping[str, Sequence[float]], **others: object) -> RunState:
    return make_state([batch(tag, values) for tag, values in values_by_tag.items()], **others)  # type: ignore[arg-type]  # the names are those of make_state


def live_state(name: str = "llama-sft-7", *, steps: int = 600, total: int = 1200) -> RunState:
    """A healthy run that has logged until now, an evaluation every 50 steps."""
    at = np.arange(1, steps + 1)
    losses = 1.2 + 2.0 * np.exp(-at / 150)
    times = (NOW - (steps - at) * 2.0).astype(np.float64)
    rows = ScalarBatch(
        ("train/loss", "train/learning_rate", "train/grad_norm"),
        at - 1,
        at,
        times,
        (losses, 3e-4 * np.cos(at / total * 1.5), 0.8 + 0.1 * np.sin(at / 7)),
    )
    evaluated = at[49::50]
    evaluations = ScalarBatch(
        ("eval/loss",), evaluated - 1, evaluated, times[49::50], (losses[49::50] + 0.05,)
    )
    config = ConfigRecord({"max_steps": total, "learning_rate": 3e-4}, float(times[0]))
    saved = LifecycleRecord("checkpoint", steps - 100, steps - 100, float(times[-100]), "checkpoint-500")
    return make_state([config, rows, evaluations, saved], name=name, live=True)


def eight_gpus(now: float = NOW) -> HardwareSample:
    """Eight GPUs: one lost, one split into two MIG instances, one without power sensor; and the host."""
    gib = 2**30
    gpus = [
        GpuSample(
            index,
            f"GPU-{index}",
            "H100",
            utilisation_pct=90.0 + index,
            memory_used_bytes=71 * gib,
            memory_total_bytes=80 * gib,
            temperature_c=60.0 + index,
            power_w=600.0 + index,
        )
        for index in range(8)
    ]
    gpus[2] = GpuSample(2, "GPU-2", "H100", lost=True)
    gpus[4] = replace(gpus[4], mig=True, utilisation_pct=None)
    gpus[6] = replace(gpus[6], power_w=None)
    instances = [
        GpuSample(i, f"MIG-{i}", "H100 MIG", memory_used_bytes=9 * gib, mig_parent=4) for i in range(2)
    ]
    host = HostSample(
        cpu_pct=34.0, memory_used_bytes=212 * gib, memory_total_bytes=512 * gib, disk_free_bytes=412 * gib
    )
    return HardwareSample(now, (*gpus[:5], *instances, *gpus[5:]), host)
