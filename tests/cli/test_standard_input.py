"""`-` in place of a path: what another program prints."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.commands import SAMPLES, environment

LOG = SAMPLES / "overfit" / "metrics.jsonl"


def piped(content: bytes, *arguments: str, cwd: Path | None = None) -> tuple[int, str, str]:
    ended = subprocess.run(
        [sys.executable, "-m", "tuimon", *arguments],
        input=content,
        capture_output=True,
        timeout=60,
        check=False,
        env=environment(PYTHONPATH=str(SAMPLES.parent)),
        cwd=cwd,
    )
    return ended.returncode, ended.stdout.decode(), ended.stderr.decode()


def test_a_log_from_standard_input_gives_what_its_file_gives() -> None:
    code, out, err = piped(LOG.read_bytes(), "summary", "--json", "-")
    assert (code, err) == (0, "")
    run = json.loads(out)["runs"][0]
    assert (run["run"], run["step"]) == ("stdin", 480)
    code, out, _ = piped(LOG.read_bytes(), "check", "-", "--fail-on", "warning")
    assert code == 4
    assert "stdin: warning overfitting" in out


def test_without_a_screen_watch_prints_a_summary_of_all_that_came(tmp_path: Path) -> None:
    kept = tmp_path / "kept.log"
    code, out, _ = piped(LOG.read_bytes(), "watch", "-", "--tee", str(kept))
    assert code == 0
    assert "step 480/480" in out
    assert kept.read_bytes() == LOG.read_bytes()


def test_nothing_or_no_metrics_on_standard_input_is_no_run() -> None:
    for content in (b"", b"hello\nworld\n"):
        code, out, err = piped(content, "summary", "-")
        assert (code, out) == (3, "")
        assert err


def test_wrong_usage_is_said() -> None:
    for arguments, wanted in (
        (("summary", "-", "-"), "stands for what another program prints"),
        (("watch", str(LOG), "--once", "--tee", "x.log"), "nothing to pass on"),
    ):
        code, _, err = piped(b"", *arguments)
        assert (code, wanted in err) == (2, True)
