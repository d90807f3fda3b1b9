from __future__ import annotations

import tomllib
from dataclasses import fields

from scripts.between_markers import ROOT, filled
from tuimon.analysis.findings.catalog import RULES, FindingSettings
from tuimon.analysis.findings.documentation import markdown_sections, markdown_table
from tuimon.analysis.findings.thresholds import read_thresholds

TEXT = (ROOT / "docs/findings.md").read_text(encoding="utf-8")


def test_the_page_says_what_the_program_says() -> None:
    texts = {"rules": markdown_table(), "sections": markdown_sections()}
    assert filled(TEXT, texts) == TEXT, "python -m scripts.write_finding_table"


def test_every_threshold_of_every_rule_is_explained() -> None:
    for rule in RULES:
        section = TEXT.partition(f"\n### {rule.name}\n")[2].partition("\n### ")[0]
        for each in fields(getattr(FindingSettings(), rule.name)):
            assert f"\n| `{each.name}` | " in section, (rule.name, each.name)
        assert all(f"- {text}" in section for text in (*rule.causes, *rule.remedies))


def test_the_example_of_the_page_is_right() -> None:
    example = TEXT.partition("```toml\n")[2].partition("```")[0]
    given = tomllib.loads(example)
    settings = read_thresholds(given["findings"], strict=given["strict"])
    assert settings.loss_spike.sigmas == 8.0
    assert settings.off == {"plateau"}
    assert settings.limits_of("loss_spike", "aux/z") is None
