"""`tuimon eta`: how far, how fast, and when it will be done."""

from __future__ import annotations

from collections.abc import Iterator

from tuimon.analysis.eta import trace_eta
from tuimon.analysis.progress import EtaState, Progress
from tuimon.core.frozen import frozen
from tuimon.core.text import clean
from tuimon.core.units import format_date, format_duration, format_percent, format_rate
from tuimon.monitor.snapshot import RunState
from tuimon.output.document import Json, known, number

# A run that has ended needs no word about it: its status says so.
_NO_ETA = {
    EtaState.NO_TOTAL: "no ETA: the total is not known (--total STEPS)",
    EtaState.ESTIMATING: "no ETA: too few lines yet",
    EtaState.STALLED: "no ETA: stalled",
}


@frozen
class Deadline:
    """When a run has to be over.

    Attributes:
        time: Unix seconds.
        name: What it is, for people.
    """

    time: float
    name: str = "deadline"

    def verdict(self, progress: Progress) -> str | None:
        """Return whether a run is done by then: `in time`, `will not finish`, or `may not finish`.

        That is where the deadline lies within the range of likely ends; None where no end is known.
        """
        finish, eta_s = progress.finish_time, progress.eta_s
        if finish is None or eta_s is None:
            return None
        earliest = finish - eta_s + (eta_s if progress.eta_low_s is None else progress.eta_low_s)
        latest = finish - eta_s + (eta_s if progress.eta_high_s is None else progress.eta_high_s)
        if latest <= self.time:
            return "in time"
        return "will not finish" if earliest > self.time else "may not finish"


def eta_document(state: RunState, deadline: Deadline | None = None) -> dict[str, Json]:
    """Return one line of `eta --json`."""
    progress = state.progress
    return {
        "run": state.name,
        "status": state.status.value,
        "step": progress.step,
        "total_steps": progress.total_steps,
        "fraction": number(progress.fraction),
        "steps_per_s": number(progress.steps_per_s),
        "eta_s": number(progress.eta_s),
        "eta_low_s": number(progress.eta_low_s),
        "eta_high_s": number(progress.eta_high_s),
        "finish_time": number(progress.finish_time),
        "state": progress.eta_state.value,
        "evaluating": progress.eta_state is EtaState.PAUSED and progress.evaluating,
        "deadline": number(deadline.time) if deadline is not None else None,
        "deadline_verdict": deadline.verdict(progress)
        if deadline is not None and state.status.live
        else None,
    }


def eta_line(state: RunState, deadline: Deadline | None = None) -> str:
    """Return a run's line for people."""
    progress = state.progress
    step = "-" if progress.step is None else str(progress.step)
    total = f"/{progress.total_steps}" if progress.total_steps else ""
    parts = [f"{clean(state.name)}: {state.status}", f"step {step}{total}"]
    if progress.fraction is not None:
        parts.append(format_percent(progress.fraction))
    if progress.steps_per_s:
        parts.append(format_rate(progress.steps_per_s))
    if progress.eta_state is EtaState.PAUSED and progress.eta_s is not None:
        parts.append(f"ETA {format_duration(progress.eta_s)} ({progress.pause})")
    elif progress.eta_state is EtaState.KNOWN and progress.eta_s is not None:
        likely = f"{format_duration(progress.eta_low_s)} to {format_duration(progress.eta_high_s)}"
        parts.append(f"ETA {format_duration(progress.eta_s)} ({likely})")
        parts.append(f"ends {format_date(progress.finish_time)}")
    elif progress.eta_state in _NO_ETA:
        parts.append(_NO_ETA[progress.eta_state])
    if deadline is not None and state.status.live:
        verdict = deadline.verdict(progress)
        parts.append(f"{deadline.name} {format_date(deadline.time)}" + (f": {verdict}" if verdict else ""))
    return ", ".join(parts)


def trace_documents(state: RunState, total: int | None) -> Iterator[dict[str, Json]]:
    """Yield one document per training line: what the estimate was when the line was logged."""
    for time, step, eta_s in trace_eta(state.run, total):
        yield {"run": state.name, "time": known(time), "step": step, "eta": known(eta_s)}


def trace_lines(state: RunState, total: int | None) -> Iterator[str]:
    """Yield the same for people."""
    for _, step, eta_s in trace_eta(state.run, total):
        yield f"{clean(state.name)}: step {step}, ETA {format_duration(eta_s)}"
