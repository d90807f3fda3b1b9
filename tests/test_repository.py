"""The repository's own promises: commands as pasted, versions, docs and contracts that cannot drift."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path
from typing import Any

import pytest

import tuimon
from tuimon.tui.keys import markdown_table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WATCH_COMMAND = "python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/tuimon watch sample_runs"
TEST_COMMAND = (
    "python3 -m venv .venv && .venv/bin/pip install -q '.[test]' && .venv/bin/pytest -n 2 --dist loadgroup"
)
LOCAL_LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
# What is no part of the repository: environments, caches, builds.
MADE_HERE = re.compile(r"\.git|\.venv.*|__pycache__|\..*_cache|dist|build|\.hypothesis|.*\.egg-info")
# Put together from parts, so that this file does not contain what it looks for.
FORBIDDEN = re.compile(
    rb"(?<![\w.~-])/(home|Users|root|work|tmp)/[\w.]"
    rb"|[Cc]:\\Users|files\.python" + rb"hosted|pypi\." + rb"org"
)


def _repository_files() -> list[Path]:
    found = []
    for folder, subfolders, names in os.walk(ROOT):
        subfolders[:] = [name for name in subfolders if not MADE_HERE.fullmatch(name)]
        found += [Path(folder) / name for name in names if not MADE_HERE.fullmatch(name)]
    return [path for path in found if path.is_file()]


def _help_of(*arguments: str) -> str:
    command = [sys.executable, "-m", "tuimon", *arguments, "--help"]
    environment = os.environ | {"COLUMNS": "120"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def _lower_bounds(requirements: list[str]) -> set[str]:
    bounds = set()
    for requirement in requirements:
        match = re.fullmatch(r"([\w-]+)>=([\d.]+)(,<[\d.]+)?", requirement)
        assert match is not None, f"{requirement!r} has no lower bound that can be tested"
        bounds.add(f"{match[1]}=={match[2]}")
    return bounds


@pytest.mark.parametrize("command", [WATCH_COMMAND, TEST_COMMAND], ids=["watch", "test"])
def test_the_readme_has_the_command_on_a_line_of_its_own(command: str) -> None:
    assert f"\n```\n{command}\n```\n" in README


def test_the_readme_commands_name_what_exists() -> None:
    assert "tuimon" in PROJECT["project"]["scripts"]
    assert "watch" in _commands()
    assert (ROOT / "sample_runs").is_dir()
    assert "test" in PROJECT["project"]["optional-dependencies"]
    assert any(requirement.startswith("pytest>=") for requirement in _extra("test"))


def test_every_command_of_the_readme_exists_and_every_command_is_in_the_readme() -> None:
    table = README.partition("## Commands")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `tuimon (\w+)` \|", table, flags=re.MULTILINE) == _commands()


def test_every_example_of_the_readme_uses_options_that_exist() -> None:
    examples = re.findall(r"tuimon (\w+)((?: [^`\n|&]+)?)", README)
    used = {(name, option) for name, rest in examples for option in re.findall(r"--[\w-]+", rest)}
    assert used
    for name, option in sorted(used):
        assert option in _help_of(name), f"tuimon {name} has no {option}"


def test_the_readme_shows_what_check_prints() -> None:
    shown = re.search(r"^\$ tuimon check (\S+)\n((?:[^`].*\n)+)```$", README, flags=re.MULTILINE)
    assert shown is not None
    command = [sys.executable, "-m", "tuimon", "check", str(ROOT / shown[1])]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == shown[2]


def test_the_readme_lists_every_exit_code_of_the_help() -> None:
    codes = re.findall(r"^\| (\d+) \|", README, flags=re.MULTILINE)
    assert codes
    assert codes == re.findall(r"\b(\d+) [a-z]", _help_of().partition("exit codes:")[2])


def test_the_readme_has_the_key_table_of_the_program() -> None:
    assert f"<!-- keys -->\n{markdown_table()}<!-- /keys -->\n" in README


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_local_links_lead_to_files(page: str) -> None:
    links = LOCAL_LINK.findall((ROOT / page).read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_architecture_names_every_room_and_every_path_it_names_exists() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = {path.parent.name for path in (ROOT / "tuimon").glob("*/__init__.py")}
    assert set(re.findall(r"^\| `(\w+)/` \|", page, flags=re.MULTILINE)) == rooms
    named = set(re.findall(r"`((?:tuimon|tests|scripts|docs|sample_runs)/[\w./-]*)`", page))
    assert named
    assert sorted(path for path in named if not (ROOT / path).exists()) == []


def test_every_room_stands_in_the_import_contracts() -> None:
    layers = PROJECT["tool"]["importlinter"]["contracts"][0]
    assert layers["type"] == "layers"
    listed = {room for layer in layers["layers"] for room in re.split(r" [|:] ", layer)}
    assert listed == {f"tuimon.{path.parent.name}" for path in (ROOT / "tuimon").glob("*/__init__.py")}


def test_only_the_screen_may_know_textual() -> None:
    (contract,) = (
        contract
        for contract in PROJECT["tool"]["importlinter"]["contracts"]
        if contract["type"] == "forbidden" and contract["forbidden_modules"] == ["textual"]
    )
    rooms = {f"tuimon.{path.parent.name}" for path in (ROOT / "tuimon").glob("*/__init__.py")}
    assert set(contract["source_modules"]) == rooms - {"tuimon.tui", "tuimon.cli"}


def test_every_ignored_rule_has_its_reason() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    ignored = [line for line in lines if re.match(r'\s+"[A-Z]+\d*",', line)]
    assert len(ignored) > 10
    assert [line for line in ignored if not re.search(r"# \w+", line)] == []


def test_the_lowest_versions_are_the_lower_bounds() -> None:
    lines = (ROOT / "tests" / "lowest-versions.txt").read_text(encoding="utf-8").splitlines()
    lowest = [line for line in lines if line and not line.startswith("#")]
    assert sorted(lowest) == sorted(_lower_bounds([*PROJECT["project"]["dependencies"], *_extra("test")]))


def test_every_dependency_is_imported_by_some_room() -> None:
    modules = {"nvidia-ml-py": "pynvml"}
    names = [re.split(r"[>=<]", requirement)[0] for requirement in PROJECT["project"]["dependencies"]]
    wanted = {modules.get(name, name.replace("-", "_")) for name in names}
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tuimon").rglob("*.py")]
    imported = {
        name for source in sources for name in re.findall(r"^ *(?:import|from) (\w+)", source, re.MULTILINE)
    }
    assert wanted - imported == set()


def test_every_module_says_what_it_is() -> None:
    modules = sorted((ROOT / "tuimon").rglob("*.py"))
    assert len(modules) > 50
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in modules}
    assert [str(path) for path, tree in trees.items() if not ast.get_docstring(tree)] == []


def test_the_changelog_begins_with_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    version = re.search(r"^## (\S+)", changelog, flags=re.MULTILINE)
    assert version is not None
    assert version[1] == tuimon.__version__


def test_no_file_names_a_registry_or_a_place_on_somebodys_machine() -> None:
    found = []
    for path in _repository_files():
        match = FORBIDDEN.search(path.read_bytes())
        if match is not None:
            found.append(f"{path.relative_to(ROOT)}: {match[0]!r}")
    assert found == []


def test_types_come_with_the_package() -> None:
    assert Path(tuimon.__file__).with_name("py.typed").is_file()


def test_the_tests_see_the_installed_wheel_and_not_the_source_folder() -> None:
    try:
        installed = importlib.metadata.distribution("tuimon")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("tuimon is not installed here")
    origin = json.loads(installed.read_text("direct_url.json") or "{}")
    if origin.get("dir_info", {}).get("editable"):
        pytest.skip("tuimon is installed as editable")
    place = Path(sysconfig.get_path("purelib"))
    assert Path(tuimon.__file__).is_relative_to(place), "unset PYTHONPATH, so that the wheel is tested"
    assert installed.version == tuimon.__version__
    program = [sys.executable, "-c", "import tuimon; print(tuimon.__file__)"]
    seen = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    assert seen == tuimon.__file__, "programs that tests start see another tuimon"


def test_check_refuses_a_step_that_it_does_not_have() -> None:
    refused = subprocess.run([ROOT / "check", "nonsense"], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "there is no step 'nonsense'" in refused.stderr
    assert refused.stdout == ""


def test_the_contributors_page_lists_the_steps_of_check() -> None:
    steps = re.search(r"^STEPS=\((.*)\)$", (ROOT / "check").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert steps is not None
    assert f"the steps: {steps[1]}\n" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_check_and_ci_can_be_started() -> None:
    assert os.access(ROOT / "check", os.X_OK)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def _extra(name: str) -> list[str]:
    requirements: list[str] = PROJECT["project"]["optional-dependencies"][name]
    return requirements


def _commands() -> list[str]:
    """Return the commands that `tuimon --help` lists, in its order."""
    return re.findall(r"^    (\w+)\b", _help_of().partition("COMMAND")[2], flags=re.MULTILINE)
