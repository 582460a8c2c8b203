"""The bench measures what it says, with right counts: `python3 manage.py test -m bench tests/bench/test_bench.py`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.bench

#: Far above the bars, for a busy machine: what is caught here is a statement an event, or a cost that has doubled.
MOST = {"round trips an event, at full batches": 0.05, "CPU an event, both": 1_200, "memory of a worker": 150}
LEAST = {"with the full trace ÷ without": 0.7}


def test_a_short_round_has_right_counts_and_costs_that_are_known(tmp_path: Path) -> None:
    found = tmp_path / "figures.json"
    command = ["manage.py", "bench", "--quick", "--rounds", "1", "--only", "advance", "--json", str(found)]
    done = subprocess.run(
        [sys.executable, *command], cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-3_000:]
    report = json.loads(found.read_text())
    assert report["wrong_counts"] == []
    values = {one["name"]: one["value"] for one in report["figures"]}
    assert {name: values[name] for name, most in MOST.items() if values[name] > most} == {}
    assert {name: values[name] for name, least in LEAST.items() if values[name] < least} == {}
