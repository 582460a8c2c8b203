"""The playbooks that come with the product: the guide's four, each a file of its own (requirement E2)."""

from pathlib import Path
from typing import Any

from martechops.lib import strict_yaml

_HERE = Path(__file__).parent


def shipped() -> list[dict[str, Any]]:
    """Their documents, by key."""
    return [strict_yaml.load(path.read_bytes()).data for path in sorted(_HERE.glob("*.yaml"))]
