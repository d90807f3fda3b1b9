"""The document of `compare --json`."""

from __future__ import annotations

from collections.abc import Mapping

from tuimon.analysis.importance import Importance
from tuimon.core.batch import ConfigValue
from tuimon.output.compare import Compared, Comparison, Point, severities
from tuimon.output.document import Json, number


def comparison_document(comparison: Comparison) -> dict[str, Json]:
    """Return the document of `compare --json`."""
    choice = comparison.choice
    return {
        "metric": comparison.metric,
        "goal": comparison.goal,
        "rank_by": choice.rank_by,
        "align": choice.alignment.value,
        "at": number(comparison.at),
        "runs": [
            _run_document(each, {n: v[place] for n, v in comparison.settings.different.items()})
            for place, each in enumerate(comparison.runs)
        ],
        "same_config": _config(comparison.settings.same),
        "importance": {
            "runs": comparison.ranked,
            "warning": comparison.warning,
            "settings": [_importance_document(each) for each in comparison.importances],
        },
    }


def _run_document(each: Compared, differing: Mapping[str, ConfigValue]) -> dict[str, Json]:
    state = each.state
    return {
        "run": state.name,
        "path": str(state.path),
        "status": state.status.value,
        "rank": each.rank,
        "series": each.series,
        "last": _point(each.last),
        "best": _point(each.best),
        "at": _point(each.at),
        "checkpoint": each.checkpoint,
        "step": state.progress.step,
        "total_steps": state.progress.total_steps,
        "elapsed_s": number(state.progress.elapsed_s),
        "steps_per_s": number(state.progress.steps_per_s),
        "findings": dict(severities(state)),
        "checked_from_step": each.checked_from_step,
        "config": _config(differing),
    }


def _point(point: Point | None) -> Json:
    return None if point is None else {"value": number(point.value), "step": point.step}


def _config(values: Mapping[str, ConfigValue]) -> dict[str, Json]:
    return {name: number(value) if isinstance(value, float) else value for name, value in values.items()}


def _importance_document(each: Importance) -> dict[str, Json]:
    return {
        "name": each.name,
        "same_as": list(each.same_as),
        "importance": each.importance,
        "low": each.low,
        "high": each.high,
        "correlation": each.correlation,
        "correlation_low": each.correlation_low,
        "correlation_high": each.correlation_high,
    }
