"""What reference readers found in real files, held against what a source reads of them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.sources.reading import Points, points_by_tag
from tuimon.sources.base import UNBOUNDED, Source

FOLDER = Path(__file__).parents[2].parent / "shared" / "data"


def entries(*kinds: str) -> dict[Path, dict[str, Any]]:
    """Return what truth.json says of the readable files of some kinds; skip the test where it is absent."""
    if not (FOLDER / "truth.json").exists():
        pytest.skip("needs ../shared/data")
    files = json.loads((FOLDER / "truth.json").read_text())["files"]
    return {
        FOLDER / name: entry
        for name, entry in files.items()
        if entry.get("kind") in kinds and "error" not in entry
    }


def disagreements(path: Path, entry: dict[str, Any], source: Source) -> tuple[int, list[str]]:
    """Return how many columns were compared, and how those that differ do."""
    found = points_by_tag(source.read(UNBOUNDED).records)
    step_name = entry["steps"]["step_key"]
    expected = {
        tag: column
        for tag, column in entry["columns"].items()
        if column["numeric"] and (tag != step_name or tag == "epoch")
    }
    wrong = [f"{tag} is too much" for tag in found.keys() - expected.keys() if not _is_translated(tag)]
    wrong += [f"{tag} is missing" for tag in expected.keys() - found.keys()]
    for tag in expected.keys() & found.keys():
        # Beside a bad line, more than the reference reader found is right.
        more = bool(entry.get("bad_lines")) and len(found[tag].values) > expected[tag]["numeric"]
        wrong += [] if more else _faults(tag, expected[tag], found[tag])
    wrong += _step_faults(entry["steps"], found)
    return len(expected), [f"{path.relative_to(FOLDER)}: {fault}" for fault in wrong]


def _is_translated(tag: str) -> bool:
    """Tell whether a column holds texts or lists, which the reference reader left out."""
    return tag in ("elapsed_time", "remaining_time") or "coco_eval" in tag


def _faults(tag: str, expected: dict[str, Any], found: Points) -> list[str]:
    finite = found.values[np.isfinite(found.values)]
    facts = {
        "numeric": len(found.values),
        "n_nan": int(np.isnan(found.values).sum()),
        "n_inf": int(np.isinf(found.values).sum()),
        "min": finite.min() if len(finite) else None,
        "max": finite.max() if len(finite) else None,
        "first": found.values[0],
        "last": found.values[-1],
    }
    return [
        f"{name} of {tag} is {fact}, not {expected[name]}"
        for name, fact in facts.items()
        if not _same(fact, expected[name])
    ]


def _step_faults(expected: dict[str, Any], found: dict[str, Points]) -> list[str]:
    """Compare the steps of the rows that hold a number."""
    by_order = {
        int(place): int(step)
        for points in found.values()
        for place, step in zip(points.order, points.steps, strict=True)
    }
    steps = [by_order[place] for place in sorted(by_order)]
    facts = {"first": steps[0], "back": int((np.diff(steps) < 0).sum())}
    return [
        f"{name} step is {fact}, not {expected[name]}"
        for name, fact in facts.items()
        if fact != expected[name]
    ]


def _same(fact: float | None, expected: float | str | None) -> bool:
    if fact is None or expected is None:
        return fact is expected
    number = float(expected)
    return fact == number or (math.isnan(fact) and math.isnan(number))
