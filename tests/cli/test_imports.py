"""What each command loads: a person who asks for help does not wait for numpy, nor a script for a screen."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.commands import SAMPLES, environment

HEAVY = {
    "numpy",
    "orjson",
    "textual",
    "rich",
    "plotext",
    "psutil",
    "pynvml",
    "watchdog",
    "google_crc32c",
    "platformdirs",
    "tomllib",
    "asyncio",
}
ASK = "import sys; print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"


def loaded(statement: str) -> set[str]:
    """Return the packages that a fresh Python has loaded after a statement."""
    program = f"{statement}\n{ASK}"
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment()
    )
    return set(ended.stderr.splitlines()[-1].split())


def test_importing_the_package_loads_nothing() -> None:
    assert not loaded("import tuimon") & (HEAVY | {"argparse"})


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["watch", "--help"], ["doctor", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    assert not loaded(f"from tuimon.cli.main import main; main({arguments})") & HEAVY


@pytest.mark.parametrize("command", ["summary", "check", "eta", "export"])
def test_commands_for_scripts_load_no_screen_and_no_sensors(command: str) -> None:
    arguments = [command, *([] if command == "export" else ["--json"]), str(SAMPLES / "overfit")]
    packages = loaded(f"from tuimon.cli.main import main; main({arguments})")
    assert "numpy" in packages
    assert not packages & {"textual", "rich", "plotext", "psutil", "pynvml", "watchdog", "asyncio"}
