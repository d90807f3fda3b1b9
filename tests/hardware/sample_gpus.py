"""Run as a program of its own: takes one NVML sample for each moment it is told, and prints it as JSON.

The library that a process has loaded stays loaded, so every scenario needs a process. Each line on standard
input is a time in unix seconds; each line on standard output is the sample of that time.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from tuimon.hardware.nvml import NvmlProbe

probe = NvmlProbe()
for line in sys.stdin:
    sys.stdout.write(json.dumps(asdict(probe.sample(float(line)))) + "\n")
    sys.stdout.flush()
probe.close()
probe.close()
