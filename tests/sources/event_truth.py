"""What TensorBoard's reader found in real event files, held against what is read of them here."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.sources.reading import Points, of_kind, points_by_tag
from tuimon.core.batch import Record, TextRecord

FOLDER = Path(__file__).parents[2].parent / "shared" / "data"


def event_files() -> dict[Path, dict[str, Any]]:
    """Return what truth.json says of each event file; skip the test where it is absent."""
    if not (FOLDER / "truth.json").exists():
        pytest.skip("needs ../shared/data")
    files = json.loads((FOLDER / "truth.json").read_text())["files"]
    found = {FOLDER / name: entry for name, entry in files.items() if entry["kind"] == "tfevents"}
    # Of the packed file truth.json tells only the size; it holds the same as this one.
    (packed,) = (FOLDER / name for name, entry in files.items() if entry["kind"] == "tfevents_gz")
    (plain,) = (path for path in found if path.name == packed.stem and path.parent.name == "run0")
    return found | {packed: found[plain]}


def disagreements(path: Path, entry: dict[str, Any], records: list[Record]) -> tuple[int, list[str]]:
    """Return how many series and texts were compared, and how those that differ do."""
    points = points_by_tag(records)
    texts = {record.tag for record in of_kind(records, TextRecord)}
    is_damaged = entry["raw"]["end"].startswith("bad_") and entry["raw"]["records"] < 129
    compared, wrong = 0, []
    for tag, expected in entry["tags"].items():
        if expected["plugin"] == "text":
            wrong += [] if tag in texts else [f"{tag} is missing"]
        elif expected["plugin"] == "scalars":
            wrong += _faults(tag, expected, points.get(tag), is_damaged=is_damaged)
        else:
            continue
        compared += 1
    wrong += [f"{tag} is too much" for tag in points.keys() - entry["tags"].keys() if not is_damaged]
    return compared, [f"{path.relative_to(FOLDER)}: {fault}" for fault in wrong]


def _faults(tag: str, expected: dict[str, Any], found: Points | None, *, is_damaged: bool) -> list[str]:
    """Compare a series; behind a damaged record TensorBoard's reader found nothing more."""
    if found is None:
        return [f"{tag} is missing"]
    count = expected["count"]
    values = found.values[:count] if is_damaged else found.values
    steps = found.steps[:count] if is_damaged else found.steps
    finite = values[np.isfinite(values)]
    facts = {
        "count": len(values),
        "first_step": steps[0],
        "last_step": steps[-1],
        "steps_back": np.count_nonzero(np.diff(steps) < 0),
        "min": finite.min() if len(finite) else None,
        "max": finite.max() if len(finite) else None,
        "last": values[-1],
        "n_nan": np.count_nonzero(np.isnan(values)),
        "n_posinf": np.count_nonzero(np.isposinf(values)),
        "n_neginf": np.count_nonzero(np.isneginf(values)),
    }
    differing = {name: fact for name, fact in facts.items() if not _same(fact, expected[name])}
    return [f"{name} of {tag} is {fact}, not {expected[name]}" for name, fact in differing.items()]


def _same(fact: float | None, expected: float | str | None) -> bool:
    if fact is None or expected is None:
        return fact is expected
    return fact == float(expected) or (math.isnan(fact) and math.isnan(float(expected)))
