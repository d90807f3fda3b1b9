"""Packages that add a format or a probe: those of the page, and broken ones, really installed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.commands import Outcome, start

PAGE = (Path(__file__).parent.parent / "docs" / "plugins.md").read_text(encoding="utf-8")
FORMAT, PROBE = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
TABLES = re.findall(r'^\[project\.entry-points\."(.+)"\]\n(\w+) = "(.+)"$', PAGE, flags=re.MULTILINE)
LINES = "".join(f"{step} {1_700_000_000 + step}.5 loss={2 / step}\n" for step in range(1, 11))


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder whose packages are installed as far as Python is concerned."""
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=":")
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Return a folder with a run of the page's format and one of our own."""
    folder = tmp_path / "runs"
    (folder / "plain").mkdir(parents=True)
    (folder / "plain" / "metrics.jsonl").write_text('{"step": 1, "loss": 2.0}\n{"step": 2, "loss": 1.0}\n')
    (folder / "odd").mkdir()
    (folder / "odd" / "train.ledger").write_text(LINES)
    return folder


def install(packages: Path, module: str, code: str, *entries: tuple[str, str, str]) -> None:
    (packages / f"{module}.py").write_text(code, encoding="utf-8")
    metadata = packages / f"{module}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    groups = "".join(f"[{group}]\n{name} = {place}\n" for group, name, place in entries)
    (metadata / "entry_points.txt").write_text(groups)


def summarised(runs: Path) -> tuple[Outcome, dict[str, dict[str, object]]]:
    outcome = start("summary", "--json", runs)
    (document,) = outcome.documents
    return outcome, {run["run"]: run for run in document["runs"]}


def test_the_page_s_format_is_read_as_any_other(packages: Path, runs: Path) -> None:
    assert len(FORMAT.splitlines()) <= 60
    install(packages, "ledger_format", FORMAT, TABLES[0])
    (runs / "odd" / "train.ledger").write_text(LINES + "nonsense\n11 1700000011.5 loss=0.1\n")
    _, found = summarised(runs)
    assert (found["odd"]["formats"], found["odd"]["step"]) == (["ledger"], 11)
    assert [problem["offset"] for problem in found["odd"]["problems"]] == [len(LINES)]  # type: ignore[attr-defined]
    assert found["plain"]["step"] == 2
    doctor = start("doctor", runs)
    assert "named *.ledger" in doctor.out
    assert ", ledger\n" in doctor.out


def test_without_the_package_the_file_is_none_of_ours(packages: Path, runs: Path) -> None:
    assert packages.exists()
    assert list(summarised(runs)[1]) == ["plain"]


def test_the_page_s_probe_is_asked(packages: Path) -> None:
    install(packages, "fan_probe", PROBE, TABLES[1])
    assert re.search(r"GPU 8.*Fan", start("doctor").out)


ODD = """
from tuimon.sources.base import Confidence, Sniff

class Factory:
    format = "odd"
    patterns = ("*.ledger",)

    def sniff(self, path, head):
        return Sniff(Confidence.CERTAIN if path.suffix == ".ledger" else Confidence.NO, "")

    def open(self, paths):
        raise RuntimeError("\\x1b[2J")
"""
SILENT = """
from tuimon.sources.base import ReadResult
{ODD}
    def open(self, paths):
        return Source()

class Source:
    format = "odd"
    total_bytes = "many"

    def read(self, budget):
        return {}
""".replace("{ODD}", ODD.replace("{", "{{").replace("}", "}}"))
BROKEN = {
    "cannot be loaded: ModuleNotFoundError": "import no_such_package\n",
    "cannot be loaded: SystemExit": "import sys\nsys.exit(0)\n",
    "is no format: AttributeError": "class Factory:\n    pass\n",
    "is left out: jsonl is taken": ODD.replace('"odd"', '"jsonl"'),
    "cannot look at files: ZeroDivisionError": ODD.replace("return Sniff", "1 / 0; return Sniff"),
    "cannot read this: RuntimeError": ODD,
    "cannot read this: SystemExit": ODD.replace("RuntimeError", "SystemExit"),
    "cannot read this: TypeError: read() returned NoneType": SILENT.format("None"),
    "cannot read this: TypeError: str is none of ScalarBatch": SILENT.format("ReadResult(('loss',))"),
    "cannot read this: TypeError: str is none of Problem": SILENT.format("ReadResult(problems=('odd',))"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_package_is_a_problem_and_everything_else_goes_on(
    packages: Path, runs: Path, fault: str
) -> None:
    install(packages, "broken", BROKEN[fault], ("tuimon.sources", "odd", "broken:Factory"))
    outcome, found = summarised(runs)
    assert (outcome.code, found["plain"]["step"]) == (0, 2)
    assert f"plug-in odd {fault}" in outcome.out
    assert "\\u001b" not in outcome.out


@pytest.mark.parametrize(
    "code",
    [
        "import no_such_package\n",
        "Probe = 3\n",
        "class Probe:\n def sample(self, now): 1 / 0\n",
        "class Probe:\n def sample(self, now): return 'warm'\n",
    ],
)
def test_a_broken_probe_is_a_problem_too(packages: Path, code: str) -> None:
    install(packages, "broken", code, ("tuimon.hardware", "odd", "broken:Probe"))
    outcome = start("doctor")
    assert outcome.code == 0
    assert re.search(
        r"plug-in odd (cannot be loaded|is no probe)|Probe failed: (ZeroDivisionError|TypeError)", outcome.out
    )
