from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from tests.commands import SAMPLE_NAMES, SAMPLES, run


def rules_by_run() -> dict[str, set[str]]:
    found = defaultdict(set)
    for document in run("check", "--json", SAMPLES).documents:
        found[document["run"]].add(document["rule"])
    return found


def test_each_sample_run_has_the_findings_that_it_was_made_for_and_the_healthy_ones_have_none() -> None:
    found = rules_by_run()
    assert "nan_inf" in found["diverged"]
    assert found["overfit"] == {"overfitting"}
    assert found["resumed"] == {"restart_detected"}
    assert found.keys() == {"diverged", "overfit", "resumed"}


def test_a_finding_is_found_alone_as_among_others() -> None:
    together = run("check", "--json", SAMPLES).documents
    alone = [d for name in SAMPLE_NAMES for d in run("check", "--json", SAMPLES / name).documents]
    assert alone == together


def test_the_nan_of_the_diverged_run_is_found_at_its_step() -> None:
    documents = run("check", "--json", SAMPLES / "diverged").documents
    (loss,) = (d for d in documents if d["rule"] == "nan_inf" and d["series"] == "train/loss")
    assert (loss["step"], loss["value"], loss["severity"], loss["state"]) == (328, "NaN", "critical", "open")
    assert loss["usual"] > 0


def test_lines_for_people_name_run_severity_rule_step_and_both_numbers() -> None:
    lines = run("check", SAMPLES).out.splitlines()
    assert len(lines) == len(run("check", "--json", SAMPLES).documents)
    (overfit,) = (line for line in lines if line.startswith("overfit: "))
    assert overfit.startswith("overfit: warning overfitting step 200: eval loss 0.9771 is 10 % above")
    assert sum(line.endswith(")") and "(resolved at step" in line for line in lines) == 3


def test_where_nothing_is_wrong_one_line_says_so() -> None:
    assert run("check", SAMPLES / "healthy").out == "nothing found in 1 run\n"
    assert run("check", SAMPLES / "healthy", SAMPLES / "huggingface").out == "nothing found in 2 runs\n"
    assert run("check", "--json", SAMPLES / "healthy").out == ""


def test_what_follows_is_told_below_what_it_follows_from() -> None:
    early, first, *followed = run("check", SAMPLES / "diverged").out.splitlines()
    assert early.startswith("diverged: warning loss_surge step 124: ")
    assert first.startswith("diverged: critical divergence step ")
    assert all(line.startswith("diverged:   then ") for line in followed)
    documents = run("check", "--json", SAMPLES / "diverged").documents
    assert documents[0]["incident"] == documents[0]["id"]
    assert {d["incident"] for d in documents[1:]} == {documents[1]["id"]}
    assert documents[1]["incident_title"].startswith("divergence, then ")
    assert ", then NaN" in documents[1]["incident_title"]
    assert len({d["id"] for d in documents}) == len(documents)


def test_thresholds_come_from_the_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tuimon.toml").write_text("[findings.overfitting]\noff = true\n")
    assert run("check", SAMPLES / "overfit").out == "nothing found in 1 run\n"
    (tmp_path / "tuimon.toml").write_text("[findings.overfittin]\noff = true\n")
    outcome = run("check", SAMPLES / "overfit")
    assert outcome.code == 2
    assert "did you mean 'overfitting'?" in outcome.err


def test_strict_finds_by_literal_rules() -> None:
    assert "plateau" in run("check", "--strict", SAMPLES / "healthy").out
