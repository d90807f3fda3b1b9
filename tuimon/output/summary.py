"""`tuimon summary`: what a run is and how it went, as text or as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tuimon.analysis.best import Best, best_value
from tuimon.analysis.epochs import epoch_statistics
from tuimon.core.batch import Problem
from tuimon.core.roles import Role
from tuimon.core.text import cell_width, clean, pad
from tuimon.core.units import (
    format_count,
    format_date,
    format_duration,
    format_percent,
    format_rate,
    format_value,
)
from tuimon.monitor.snapshot import RunState
from tuimon.output.document import Json, known, number
from tuimon.store.run import RunView
from tuimon.store.series import SeriesView

_SHOWN_ROLES = (
    Role.LOSS,
    Role.EVAL_LOSS,
    Role.PERPLEXITY,
    Role.EVAL_PERPLEXITY,
    Role.REWARD,
    Role.ACCURACY,
    Role.EVAL_ACCURACY,
    Role.LEARNING_RATE,
    Role.GRAD_NORM,
)
_MOST_PROBLEMS = 10
_SHOWN_EPOCHS = 12
_MOST_CHECKPOINTS = 3
_FEW_SERIES = 8
_WIDEST_TAG = 32


def newest(runs: tuple[RunState, ...]) -> RunState:
    """Return the run with the newest data: by logged time, else by the time of its files."""
    return max(runs, key=lambda run: run.progress.last_time or run.changed_at)


def summary_document(runs: tuple[RunState, ...], problems: tuple[Problem, ...]) -> dict[str, Json]:
    """Return the document of `summary --json`; `problems` are those of paths that are part of no run."""
    return {
        "runs": [_run_document(state) for state in runs],
        "problems": [_problem_document(problem) for problem in problems],
    }


def summaries(runs: tuple[RunState, ...]) -> Iterator[str]:
    """Yield the lines of all summaries, with an empty line between two runs."""
    for index, state in enumerate(runs):
        if index:
            yield ""
        yield from summary_lines(state)


def summary_lines(state: RunState) -> Iterator[str]:
    """Yield the lines of a run's summary for people."""
    progress, run = state.progress, state.run
    formats = ", ".join(dict.fromkeys(state.formats))
    given = f" ({clean(state.given_name)})" if state.given_name else ""
    yield f"{clean(state.name)}{given}  [{state.status}]  {formats}  {clean(str(state.path))}"
    yield from _progress_lines(state)
    shown = [series for role in _SHOWN_ROLES for series in run.with_role(role)]
    if not shown:
        # Nothing that is known by name: what was logged most says most.
        logged = (series for series in run.series.values() if len(series))
        shown = sorted(logged, key=len, reverse=True)[:_FEW_SERIES]
    width = max((cell_width(clean(series.tag)) for series in shown), default=0)
    for series in shown:
        yield _series_line(series, min(width, _WIDEST_TAG))
    others = sum(1 for series in run.series.values() if len(series)) - len(shown)
    if not (shown or others):
        yield "  no numbers were logged"
    if others:
        yield f"  {'and ' if shown else ''}{others} other series: --json has them"
    yield from _duplicate_lines(run)
    trend = state.trend
    if trend is not None:
        slope = f", {format_value(trend.slope_per_100, 3)} per 100 steps"
        yield f"  trend: {trend.metric} {trend.direction}" + ("" if trend.direction == "flat" else slope)
        yield f"  convergence: {trend.convergence:.2f} (0: falling fast, or unstable; 1: flat and calm)"
    best = best_value(run)
    if best is not None:
        at = f" ({clean(best.checkpoint)})" if best.checkpoint else ""
        yield f"  best: {clean(best.series)} {format_value(best.value)} at step {best.step}{at}"
    yield from _epoch_lines(run)
    yield from _attempt_lines(run)
    yield from _checkpoint_lines(state)
    if progress.last_time is not None:
        yield f"  last line: {format_date(progress.last_time)}"
    yield from problem_lines(state.problems)


def problem_lines(problems: tuple[Problem, ...]) -> Iterator[str]:
    """Yield a line for each of the first problems, and how many there are beyond."""
    for problem in problems[:_MOST_PROBLEMS]:
        at = f" at byte {problem.offset}" if problem.offset is not None else ""
        yield f"  problem: {clean(problem.path)}{at}: {clean(problem.message)}"
    if len(problems) > _MOST_PROBLEMS:
        yield f"  and {len(problems) - _MOST_PROBLEMS} more problems"


def _progress_lines(state: RunState) -> Iterator[str]:
    progress = state.progress
    parts = [format_percent(progress.fraction)] if progress.fraction is not None else []
    if progress.step is not None:
        total = f"/{progress.total_steps}" if progress.total_steps else ""
        parts.insert(0, f"step {progress.step}{total}")
    if progress.epoch is not None:
        of_all = ""
        if progress.total_epochs:
            share = format_percent(progress.epoch / progress.total_epochs)
            of_all = f"/{format_value(progress.total_epochs, 3)} ({share})"
        parts.append(f"epoch {progress.epoch:.2f}{of_all}")
    if parts:
        yield "  progress: " + ", ".join(parts)
    speeds = [
        text
        for known_value, text in (
            (progress.elapsed_s, f"elapsed {format_duration(progress.elapsed_s)}"),
            (progress.steps_per_s, format_rate(progress.steps_per_s)),
            (progress.samples_per_s, f"{format_count(progress.samples_per_s)} samples/s"),
            (progress.tokens_per_s, f"{format_count(progress.tokens_per_s)} tokens/s"),
            (progress.eta_s or None, f"ETA {format_duration(progress.eta_s)}"),
        )
        if known_value is not None
    ]
    if speeds:
        yield "  speed: " + ", ".join(speeds)


def _series_line(series: SeriesView, width: int) -> str:
    s = series.statistics
    line = (
        f"  {pad(clean(series.tag), width)}  now {format_value(s.last)}  min {format_value(s.minimum)}"
        f"  max {format_value(s.maximum)}  mean {format_value(s.mean)}  {format_count(s.count)} points"
    )
    gone = [f"{count} {word}" for count, word in ((s.nan, "NaN"), (s.inf, "Inf")) if count]
    return line + (f"  {' '.join(gone)}" if gone else "")


def _duplicate_lines(run: RunView) -> Iterator[str]:
    """Yield where else the metrics stand: a line for each source that tells what another one does."""
    told: dict[str, list[str]] = {}
    for tag, duplicates in run.duplicates.items():
        for duplicate in duplicates:
            shown_from = run.sources.get(run.series[tag].stream, "")
            place = f"{clean(run.sources.get(duplicate.stream, ''))}, shown from {clean(shown_from)}"
            told.setdefault(place, []).append(duplicate.tag)
    for place, tags in told.items():
        more = f" and {len(tags) - _FEW_SERIES} more" if len(tags) > _FEW_SERIES else ""
        yield f"  also in {place}: {', '.join(map(clean, tags[:_FEW_SERIES]))}{more}"


def _epoch_lines(run: RunView) -> Iterator[str]:
    epochs = epoch_statistics(run)
    if len(epochs) > _SHOWN_EPOCHS:
        left_out = epochs[: 1 - _SHOWN_EPOCHS]
        yield f"  epochs {left_out[0].epoch} to {left_out[-1].epoch}: left out here; --json has them"
        epochs = epochs[len(left_out) :]
    for epoch in epochs:
        parts = [f"loss {format_value(epoch.loss)}"]
        if epoch.eval_loss is not None:
            parts.append(f"eval {format_value(epoch.eval_loss)}")
        if epoch.elapsed_s is not None:
            parts.append(format_duration(epoch.elapsed_s))
        if epoch.steps_per_s is not None:
            parts.append(format_rate(epoch.steps_per_s))
        yield f"  epoch {epoch.epoch}: " + ", ".join(parts)


def _checkpoint_lines(state: RunState) -> Iterator[str]:
    run = state.run
    records = zip(run.lifecycle, run.lifecycle_streams, strict=True)
    saved_ones = [each for each in records if each[0].kind == "checkpoint"]
    # By step: the times of files that were copied, and so the order of reading, say nothing.
    saved_ones.sort(key=lambda each: -1 if each[0].step is None else each[0].step)
    for record, stream in saved_ones[-_MOST_CHECKPOINTS:]:
        # Hugging Face logs no time: a checkpoint's time is that of its file, which a copy does not keep.
        source = " (time of its file)" if state.formats[stream] == "hf" else ""
        saved = format_date(record.wall_time)
        yield f"  checkpoint: step {record.step}, {clean(record.text)}, saved {saved}{source}"


def _attempt_lines(run: RunView) -> Iterator[str]:
    if len(run.attempts) > 1:
        for attempt in run.attempts:
            yield f"  attempt {attempt.number}: steps {attempt.first_step} to {attempt.last_step}"


def _run_document(state: RunState) -> dict[str, Json]:
    run, progress, trend = state.run, state.progress, state.trend
    first_time, last_time = _times(run)
    return {
        "run": state.name,
        "path": str(state.path),
        "formats": list(dict.fromkeys(state.formats)),
        "status": state.status.value,
        "attempts": max(len(run.attempts), 1),
        "step": progress.step,
        "total_steps": progress.total_steps,
        "epoch": number(progress.epoch),
        "total_epochs": number(progress.total_epochs),
        "fraction": number(progress.fraction),
        "eta_s": number(progress.eta_s),
        "eta_low_s": number(progress.eta_low_s),
        "eta_high_s": number(progress.eta_high_s),
        "elapsed_s": number(progress.elapsed_s),
        "steps_per_s": number(progress.steps_per_s),
        "samples_per_s": number(progress.samples_per_s),
        "tokens_per_s": number(progress.tokens_per_s),
        "trend": trend.direction if trend is not None else None,
        "convergence": number(trend.convergence) if trend is not None else None,
        "best": _best_document(best_value(run)),
        "epochs": [
            {
                "epoch": epoch.epoch,
                "loss": number(epoch.loss),
                "eval_loss": number(epoch.eval_loss),
                "elapsed_s": number(epoch.elapsed_s),
                "steps_per_s": number(epoch.steps_per_s),
            }
            for epoch in epoch_statistics(run)
        ],
        "first_wall_time": known(first_time),
        "last_wall_time": known(last_time),
        "config": {name: number(v) if isinstance(v, float) else v for name, v in run.config.items()},
        "problems": [_problem_document(problem) for problem in state.problems],
        "series": {tag: _series_document(run, series) for tag, series in run.series.items() if len(series)},
        "texts": {tag: _counted(held.count, held.newest.step) for tag, held in run.texts.items()},
        "histograms": {
            tag: _counted(held.count, int(held.newest.steps[-1])) for tag, held in run.histograms.items()
        },
        "images": {tag: _counted(held.count, held.newest.step) for tag, held in run.images.items()},
    }


def _problem_document(problem: Problem) -> dict[str, Json]:
    return {"path": problem.path, "offset": problem.offset, "message": problem.message}


def _series_document(run: RunView, series: SeriesView) -> dict[str, Json]:
    s = series.statistics
    return {
        "role": series.role.value,
        "count": s.count,
        "first_step": s.first_step,
        "last_step": s.last_step,
        "min": number(s.minimum),
        "min_step": s.minimum_step,
        "max": number(s.maximum),
        "max_step": s.maximum_step,
        "mean": number(s.mean),
        "last": number(s.last),
        "nan": s.nan,
        "inf": s.inf,
        "source": run.sources.get(series.stream),
        "also_in": [
            {
                "source": run.sources.get(other.stream),
                "tag": other.tag,
                "count": other.count,
                "last_step": other.last_step,
            }
            for other in run.duplicates.get(series.tag, ())
        ],
    }


def _best_document(best: Best | None) -> Json:
    if best is None:
        return None
    return {
        "series": best.series,
        "direction": best.direction,
        "value": number(best.value),
        "step": best.step,
        "checkpoint": best.checkpoint,
    }


def _counted(count: int, last_step: int) -> dict[str, Json]:
    return {"count": count, "last_step": last_step}


def _times(run: RunView) -> tuple[float, float]:
    """Return the first and last known wall time of a run; NaN where none is known."""
    firsts, lasts = [], []
    for series in run.series.values():
        known_times = series.wall_times[series.wall_times == series.wall_times]
        if len(known_times):
            firsts.append(float(known_times.min()))
            lasts.append(float(known_times.max()))
    return min(firsts, default=math.nan), max(lasts, default=math.nan)
