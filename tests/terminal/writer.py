"""Run as a program of its own: a training that logs what it is told, line by line on standard input."""

from __future__ import annotations

import sys
from pathlib import Path

path = Path(sys.argv[1])
path.parent.mkdir(parents=True, exist_ok=True)
with path.open("a", encoding="utf-8") as log:
    for line in sys.stdin:
        log.write(line)
        log.flush()
        sys.stdout.write("written\n")
        sys.stdout.flush()
