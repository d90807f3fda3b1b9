"""Commands as people run them: in this process, or in a process of their own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from tuimon.cli.main import main

SAMPLES = Path(__file__).parent.parent / "sample_runs"
SAMPLE_NAMES = ("diverged", "healthy", "huggingface", "overfit", "resumed")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def documents(self) -> list[dict[str, Any]]:
        """The JSON documents on standard output, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def environment(**variables: str) -> dict[str, str]:
    """Return the environment without anybody's settings of tuimon or of output, and with `variables`."""
    mine = ("TUIMON_", "PYTHONUNBUFFERED", "PYTHONIOENCODING")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(mine)}
    return kept | {"XDG_CONFIG_HOME": os.devnull} | variables


def run(*arguments: str | Path) -> Outcome:
    """Run a command in this process, with streams such as a shell's pipes are."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        mock.patch.dict(os.environ, environment(), clear=True),
    ):
        code = main([str(argument) for argument in arguments])
    for stream in (out, err):
        stream.flush()
    return Outcome(code, _text(out), _text(err))


def start(*arguments: str | Path, **variables: str) -> Outcome:
    """Run a command in a process of its own."""
    ended = subprocess.run(
        [sys.executable, "-m", "tuimon", *map(str, arguments)],
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return Outcome(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


def summarised(*paths: str | Path) -> dict[str, Any]:
    """Return the document of `summary --json`, which must succeed."""
    outcome = run("summary", "--json", *paths)
    assert outcome.code == 0, outcome.err
    (document,) = outcome.documents
    return document


def only_run(*paths: str | Path) -> dict[str, Any]:
    """Return the one run that `summary --json` tells of."""
    (found,) = summarised(*paths)["runs"]
    assert isinstance(found, dict)
    return found


def _text(stream: io.TextIOWrapper) -> str:
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode(stream.encoding)
