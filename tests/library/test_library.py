from __future__ import annotations

import doctest
import json
import math
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

import tuimon
from tests.commands import SAMPLES

PAGE = Path(__file__).parents[2] / "docs" / "library.md"


@pytest.fixture(scope="module")
def samples() -> tuimon.Runs:
    return tuimon.load(SAMPLES)


def test_the_page_says_what_the_library_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SAMPLES.parent)
    outcome = doctest.testfile(str(PAGE), module_relative=False)
    assert outcome.attempted > 10
    assert outcome.failed == 0


def test_every_public_name_can_be_had_and_others_cannot() -> None:
    assert set(tuimon.__all__) <= set(dir(tuimon))
    assert all(getattr(tuimon, name) is not None for name in tuimon.__all__)
    with pytest.raises(AttributeError, match="nothing_of_this_name"):
        _ = tuimon.nothing_of_this_name


def test_every_public_attribute_stands_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    mapping = {"keys", "values", "items", "get"}
    for kind in (tuimon.Run, tuimon.Series):
        names = {name for name in vars(kind) if not name.startswith("_")} - mapping
        assert [name for name in sorted(names) if f"`{name}" not in page] == []


def test_importing_is_quick_and_warns_of_nothing() -> None:
    ask = "import sys, tuimon; print(len({'numpy', 'textual', 'plotext', 'orjson'} & set(sys.modules)))"
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", ask], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "0\n"


def test_values_are_those_that_were_logged(tmp_path: Path) -> None:
    rows = [
        {"step": n, "time": 1.75e9 + n, "loss": value} for n, value in enumerate((0.1, math.nan, -math.inf))
    ]
    (tmp_path / "run.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (run,) = tuimon.load(tmp_path)
    loss = run["loss"]
    np.testing.assert_array_equal(loss.values, [0.1, math.nan, -math.inf])
    np.testing.assert_array_equal(loss.steps, [0, 1, 2])
    np.testing.assert_array_equal(loss.wall_times, [1.75e9, 1.75e9 + 1, 1.75e9 + 2])
    assert (loss.min, loss.max, loss.mean, loss.last) == (0.1, 0.1, 0.1, -math.inf)
    with pytest.raises(ValueError, match="read-only"):
        loss.values[0] = 1.0


def test_runs_are_found_by_number_name_and_slice(samples: tuimon.Runs) -> None:
    assert samples[0] is samples["diverged"] is samples[:2][0]
    assert samples.names == ("diverged", "healthy", "huggingface", "overfit", "resumed")
    with pytest.raises(KeyError):
        samples["nobody"]


def test_attempts_cover_all_points(samples: tuimon.Runs) -> None:
    loss = samples["resumed"]["train/loss"]
    assert len(loss.attempts) == len(loss)
    falls = np.flatnonzero(np.diff(loss.steps) < 0)
    np.testing.assert_array_equal(np.flatnonzero(np.diff(loss.attempts)), falls)
    assert len(falls) >= 1


def test_findings_come_when_they_are_asked_for(samples: tuimon.Runs) -> None:
    assert samples["overfit"].findings == ()
    (run,) = tuimon.load(SAMPLES / "overfit", with_findings=True)
    assert [finding.rule for finding in run.findings] == ["overfitting"]


def test_several_paths_names_and_a_missing_one(tmp_path: Path) -> None:
    runs = tuimon.load(f"first={SAMPLES / 'overfit'}", SAMPLES / "resumed", tmp_path / "gone")
    assert runs.names == ("first", "resumed")
    assert [problem.path for problem in runs.problems] == [str(tmp_path / "gone")]
    with pytest.raises(tuimon.NoRunError, match="gone"):
        tuimon.load(tmp_path / "gone")


def fake_pandas() -> types.ModuleType:
    """Return as much of pandas as frames need: it is no dependency of the tests."""
    module = types.ModuleType("pandas")
    module.DataFrame = dict  # type: ignore[attr-defined]
    module.Categorical = types.SimpleNamespace(  # type: ignore[attr-defined]
        from_codes=lambda codes, names: [names[code] for code in codes]
    )
    return module


def test_a_data_frame_has_every_point(samples: tuimon.Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", fake_pandas())
    one = samples["overfit"]["eval/loss"].to_pandas()
    assert list(one) == ["step", "wall_time", "value", "attempt"]
    run = samples["overfit"].to_pandas()
    assert list(run) == ["tag", *one]
    frame = samples.to_pandas()
    assert list(frame) == ["run", *run]
    points = [(run.name, tag, len(series)) for run in samples for tag, series in run.items()]
    assert frame["run"] == [run for run, _, count in points for _ in range(count)]
    assert frame["tag"] == [tag for _, tag, count in points for _ in range(count)]
    rows = [
        n
        for n, (r, t) in enumerate(zip(frame["run"], frame["tag"], strict=True))
        if (r, t) == ("overfit", "eval/loss")
    ]
    np.testing.assert_array_equal(frame["value"][rows], samples["overfit"]["eval/loss"].values)
    np.testing.assert_array_equal(frame["step"][rows], one["step"])


def test_a_real_data_frame_keeps_types_and_non_finite_values(samples: tuimon.Runs) -> None:
    pandas = pytest.importorskip("pandas")
    frame = samples.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert [str(frame[name].dtype) for name in ("run", "tag", "step", "value")] == [
        "category", "category", "int64", "float64",
    ]  # fmt: skip
    diverged = frame[(frame.run == "diverged") & (frame.tag == "train/loss")]
    assert diverged.value.isna().sum() == 12
