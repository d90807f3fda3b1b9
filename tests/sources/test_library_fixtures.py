"""What the libraries themselves wrote (`scripts/make_library_fixtures.py`) is read to the last point."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.sources.reading import points_by_tag, read_all
from tuimon.sources.discovery import discover
from tuimon.sources.naming import Root
from tuimon.sources.registry import open_source

FOLDER = Path(__file__).parents[1] / "fixtures" / "libraries"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
FORMATS = {
    "dvclive": {"csv", "config"},
    "keras": {"csv"},
    "lightning": {"tfevents", "csv", "config"},
    "mlflow_database": {"mlflow-sqlite"},
    "mlflow_store": {"mlflow"},
    "stable_baselines3": {"csv"},
    "stable_baselines3_monitor": {"csv"},
    "trackio": {"trackio"},
}


def unpacked(name: str, folder: Path) -> Path:
    """Return a copy of a fixture, its databases unpacked."""
    copy = folder / name
    shutil.copytree(FOLDER / name, copy)
    for packed in copy.rglob("*.packed"):
        packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
    return copy


@pytest.mark.parametrize("name", NAMES)
def test_every_point_that_a_library_logged_is_read_from_each_of_its_sources(
    name: str, tmp_path: Path
) -> None:
    logged = json.loads((FOLDER / f"{name}.json").read_text())
    (run,) = discover([Root(unpacked(name, tmp_path))]).runs
    assert {source.format for source in run.sources} == FORMATS[name]
    for ref in run.sources:
        if ref.format == "config":
            continue
        found = points_by_tag(read_all(open_source(ref)))
        for tag, points in logged.items():
            steps, values = zip(*points, strict=True)
            assert found[tag].steps.tolist() == list(steps), (ref.format, tag)
            expected = np.array([float(value) for value in values])
            np.testing.assert_allclose(found[tag].values, expected, rtol=1e-6, err_msg=f"{ref.format} {tag}")
