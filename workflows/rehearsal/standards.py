"""The scenarios that come with the product, and are played on every workflow about contacts (requirement G6)."""

from functools import cache
from pathlib import Path

from martechops.lib import strict_yaml
from workflows.engine.scenarios import Scenario, read

_FILES = Path(__file__).parent / "standard"


@cache
def all() -> tuple[Scenario, ...]:
    """By their keys."""
    return tuple(read(strict_yaml.load(file.read_bytes()).data) for file in sorted(_FILES.glob("*.yaml")))
