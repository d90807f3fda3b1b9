"""A short run of `scripts/fuzz.py`, and files that are made to be larger than they look."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from scripts import fuzz
from tests.commands import run, summarised
from tuimon.sources.registry import FACTORIES

FACTORY_OF = {factory.format: factory for factory in FACTORIES}
FILES = 12
LONGEST_S = 20.0


@pytest.mark.parametrize("name", fuzz.FUZZED)
def test_no_damage_breaks_a_promise(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # How long a busy machine takes is no promise of the code.
    monkeypatch.setattr(fuzz, "LONGEST_S", LONGEST_S)
    for seed in range(FILES):
        generator = random.Random(seed)  # noqa: S311  # damage, not secrets
        content = fuzz.damaged(name, generator)
        fuzz.check(fuzz.FUZZED[name], FACTORY_OF[name], content, generator)


def test_a_table_of_a_million_columns_is_bounded(tmp_path: Path) -> None:
    header = "step,loss," + ",".join(map(str, range(1_000_000))) + "\n"
    row = "1,0.5" + ",1" * 1_000_000 + "\n"
    (tmp_path / "metrics.csv").write_text(header + row * 2)
    begin = time.process_time()
    outcome = run("summary", tmp_path / "metrics.csv")
    assert time.process_time() - begin < LONGEST_S
    assert "columns" in outcome.out + outcome.err


@pytest.mark.parametrize("opening", ["[", '{"a":', '{"step":1,"loss":0.5,"a":['])
def test_json_that_is_nested_without_an_end_is_one_bad_line(opening: str, tmp_path: Path) -> None:
    good = '{"step": 2, "loss": 0.5}\n' * 3
    (tmp_path / "metrics.jsonl").write_text(good + opening * 200_000 + "\n" + good)
    (found,) = summarised(tmp_path / "metrics.jsonl")["runs"]
    assert found["series"]["loss"]["count"] == 6
    assert found["problems"]
    state = '{"global_step": 1, "log_history": ' + opening * 200_000
    (tmp_path / "trainer_state.json").write_text(state)
    assert "half-written" in run("summary", tmp_path / "trainer_state.json").out


def test_every_parser_is_fuzzed() -> None:
    assert fuzz.FUZZED.keys() == FACTORY_OF.keys()
