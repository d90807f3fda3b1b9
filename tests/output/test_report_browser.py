"""The report in a real browser, where there is one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.commands import SAMPLES, run

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.mark.skipif(BROWSER is None, reason="needs Chromium")
def test_a_browser_shows_the_whole_page_and_is_refused_nothing(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert run("report", SAMPLES / "diverged", "-o", page).code == 0
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom")
    command = [str(BROWSER), *options, f"--user-data-dir={tmp_path / 'profile'}", page.as_uri()]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    for name in ("svg", "table", "section", "path"):
        assert ended.stdout.count(f"<{name}") == page.read_text(encoding="utf-8").count(f"<{name}") > 0
    assert ended.stdout.rstrip().endswith("</html>")
    assert "Content Security Policy" not in ended.stderr
