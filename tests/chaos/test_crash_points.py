"""The places where processes are ended are those that the product names: none is unknown, none is left out."""

import ast
from collections import Counter

from martechops.lib.crash_points import PLACES
from tests.installations import ROOT


def named_in_the_product() -> Counter[str]:
    """Every place that product code asks about, with how often."""
    found: Counter[str] = Counter()
    for app in ("martechops", "workflows", "campaigns", "reporting"):
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "crash_points.at":
                    found[ast.literal_eval(node.args[0])] += 1
    return found


def test_every_place_is_named_once_and_no_other_is() -> None:
    assert named_in_the_product() == Counter(dict.fromkeys(PLACES, 1))


def test_a_process_is_ended_at_every_place_in_some_test() -> None:
    named = {place for path in (ROOT / "tests").rglob("*.py") for place in PLACES if f'"{place}"' in path.read_text()}
    assert named == set(PLACES)
