from __future__ import annotations

import re
from collections.abc import Callable
from difflib import unified_diff
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.commands import SAMPLES, run
from tests.output.plots import HOSTILE, hostile_run, states, write_rows
from tuimon import __version__
from tuimon.core.text import clean
from tuimon.monitor.once import read_once
from tuimon.output.checked import check_run
from tuimon.output.report import Charts, Findings, Report, Table
from tuimon.output.report_html import report_html
from tuimon.output.report_make import make_report
from tuimon.output.report_markdown import report_markdown, sentence
from tuimon.sources.naming import parse_root

GOLDENS = Path(__file__).parent / "goldens"
NOW = 1.8e9
# Elements of HTML that have no end.
EMPTY = {"meta", "!doctype"}


def report(*paths: str | Path) -> Report:
    return make_report([check_run(state, NOW) for state in states(*paths)], NOW)


class Outline(HTMLParser):
    """Holds that every element is closed in its turn, and gathers names, attributes and texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


ALLOWED = set(
    re.findall(
        r"\w+",
        "html head meta title style body header nav a section h1 h2 h3 p span div i ul li dl dt dd"
        " table thead tbody tr th td svg g path rect text",
    )
)


@pytest.mark.parametrize("name", ["diverged", "healthy", "huggingface", "overfit", "resumed", ""])
def test_the_page_is_valid_and_needs_no_network_and_no_script(name: str) -> None:
    page = report_html(report(SAMPLES / name))
    outline = Outline(page)
    assert outline.names <= ALLOWED
    assert len(page) < 600_000
    links = [value for key, value in outline.attributes if key in ("href", "src", "action", "style")]
    assert all(link.startswith(("#c", "width:")) for link in links)
    assert not re.search(r"@import|url\(|https?:", page)
    assert "default-src 'none'" in page
    for svg in re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL):
        ET.fromstring(svg)  # noqa: S314 - it was made here


def test_the_page_says_all_that_a_person_asks() -> None:
    text = "\n".join(Outline(report_html(report(SAMPLES / "huggingface"))).texts)
    for said in (
        "huggingface", "done", "The run is done at step 600 of 600 (100.0%) after 8m57s.",
        "The best eval_loss is 0.9179 at step 600 (checkpoint-600).", "No finding is open",
        "Curves", "loss and eval_loss", "learning_rate", "grad_norm", "distribution of loss",
        "Metrics", "0.8985 at ", "Epochs", "Checkpoints", "checkpoint-300", "Configuration", "Environment",
    ):  # fmt: skip
        assert said in text, said
    healthy = "\n".join(Outline(report_html(report(SAMPLES / "healthy"))).texts)
    assert "Hardware" in healthy
    assert "GPU utilisation" in healthy
    assert "attempt 3" in report_html(report(SAMPLES / "resumed"))


def test_findings_come_as_matters_with_causes_remedies_and_their_curve() -> None:
    (chapter,) = report(SAMPLES / "diverged").chapters
    (found,) = (section for section in chapter.sections if isinstance(section, Findings))
    told = [finding.rule for entry in found.entries for finding in (entry.finding, *entry.followed)]
    assert {"divergence", "nan_inf"} <= set(told)
    assert len(found.entries) < len(told)
    assert all(entry.panel is not None for entry in found.entries)
    text = "\n".join(Outline(report_html(report(SAMPLES / "diverged"))).texts)
    for said in ("loss became NaN at step 328", "What followed", "What to do", "train/loss around step"):
        assert said in text


def test_findings_are_those_of_check() -> None:
    for name in ("diverged", "overfit", "resumed"):
        (checked,) = read_once([parse_root(str(SAMPLES / name))], with_rules=True).runs
        (state,) = states(SAMPLES / name)
        assert repr(check_run(state, NOW).state.findings) == repr(checked.findings)


def test_of_a_very_long_run_the_newest_part_is_checked_and_that_is_said() -> None:
    (state,) = states(SAMPLES / "diverged")
    checked = check_run(state, NOW, most_points=300)
    assert checked.first_step == 240
    assert not checked.state.checked
    assert "nan_inf" in {finding.rule for finding in checked.state.findings}
    assert "looked for from step 240 on" in report_markdown(make_report([checked], NOW))
    assert check_run(state, NOW, most_points=None).first_step is None


def test_several_runs_are_ranked_by_what_most_are_judged_by_and_compared() -> None:
    made = report(SAMPLES)
    assert [chapter.title for chapter in made.chapters] == [
        "Comparison", "diverged", "healthy", "huggingface", "overfit", "resumed"
    ]  # fmt: skip
    runs, curves, settings = made.chapters[0].sections
    assert isinstance(runs, Table)
    assert [row[1] for row in runs.rows] == ["resumed", "healthy", "overfit", "huggingface", "diverged"]
    assert isinstance(curves, Charts)
    assert [name for name, _ in curves.names] == [row[1] for row in runs.rows]
    assert isinstance(settings, Table)
    assert settings.heads[1:] == tuple(row[1] for row in runs.rows)
    assert "learning_rate" in {row[0] for row in settings.rows}


def test_of_enough_runs_a_report_says_which_settings_matter(tmp_path: Path) -> None:
    for number in range(12):
        config = {"learning_rate": 0.001 * (number + 1), "seed": number * 7 % 5}
        rows = [{"step": s, "eval_loss": number + 1 / s} for s in range(1, 5)]
        write_rows(tmp_path / f"run{number}.jsonl", [{"time": 1.7e9, "config": config}, *rows])
    tables = [section for section in report(tmp_path).chapters[0].sections if isinstance(section, Table)]
    assert [table.title for table in tables] == ["Runs", "Settings that differ", "Which settings matter"]
    assert tables[-1].rows[0][0] == "learning_rate"


def test_a_report_on_very_many_runs_stays_small(tmp_path: Path) -> None:
    for number in range(30):
        rows = [{"step": s, "loss": 1 / (s + number)} for s in range(1, 40)]
        write_rows(tmp_path / f"run{number}.jsonl", rows)
    page = report_html(report(tmp_path))
    assert len(page) < 300_000
    assert page.count('<section class="chapter"') == 31


def test_texts_from_files_stay_texts(tmp_path: Path) -> None:
    made = report(hostile_run(tmp_path / "<script>alert(1)<b>.jsonl"))
    page = report_html(made)
    outline = Outline(page)
    assert outline.names <= ALLOWED
    assert not any(name.startswith("on") for name, _ in outline.attributes)
    assert any(HOSTILE[0] in text for text in outline.texts)
    assert all(clean(line) == line for line in page.splitlines())
    markdown = report_markdown(made)
    assert "<" not in re.sub(r"```text\n.*?```", "", markdown, flags=re.DOTALL)
    assert all(clean(line) == line for line in markdown.splitlines())
    # A block of code ends where it should: no text in it begins with its fence.
    assert markdown.count("```") % 2 == 0
    assert all(line in ("```text", "```") for line in markdown.splitlines() if "```" in line)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("train/loss_scale", "train/loss_scale"),
        ("_private_ *bold*", "\\_private\\_ \\*bold\\*"),
        ("a | b `c` <i>", "a \\| b \\`c\\` &lt;i>"),
        ("# no heading", "\\# no heading"),
        ("- no item", "\\- no item"),
        ("12. no list", "12\\. no list"),
        ("0.5 of 1.5, -3", "0.5 of 1.5, -3"),
        ("[text](link)", "\\[text\\](link)"),
        ("two\nlines", "two lines"),
    ],
)
def test_markdown_takes_nothing_for_markup(text: str, written: str) -> None:
    assert sentence(text) == written


GOLDEN_REPORTS: dict[str, Callable[[], str]] = {
    "report-all-runs": lambda: report_markdown(
        report(*(f"{n}={SAMPLES / n}" for n in ("overfit", "resumed")))
    ),
}


@pytest.mark.parametrize("name", GOLDEN_REPORTS)
def test_the_report_reads_as_it_did(name: str, request: pytest.FixtureRequest) -> None:
    drawn = re.sub(r"\| path \| .* \|", "| path | - |", GOLDEN_REPORTS[name]())
    drawn = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "(date)", drawn)
    drawn = drawn.replace(f"tuimon {__version__}", "tuimon")
    golden = GOLDENS / f"{name}.md"
    if request.config.getoption("--renew-goldens", default=False):
        golden.write_text(drawn, encoding="utf-8")
    before = golden.read_text(encoding="utf-8").splitlines()
    difference = "\n".join(unified_diff(before, drawn.splitlines(), "before", "now", lineterm=""))
    assert not difference, f"if this is meant, renew the goldens\n{difference}"


def test_a_run_without_numbers_and_one_without_findings_have_a_report_too(tmp_path: Path) -> None:
    write_rows(tmp_path / "metrics.jsonl", [{"step": 1, "loss": 1.0}])
    assert Outline(report_html(report(tmp_path))).names <= ALLOWED
    outcome = run("report", tmp_path)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("# Report on ")
