"""Examples in docstrings are specifications: they run."""

import doctest
import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import campaigns.gates
import martechops.lib
import reporting.attribution
import reporting.metrics
import workflows.engine
import workflows.lint


def _modules() -> Iterator[str]:
    ours = (workflows.engine, workflows.lint, campaigns.gates, reporting.attribution, reporting.metrics, martechops.lib)
    for package in ours:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield module.name


@pytest.mark.parametrize("name", list(_modules()))
def test_examples_hold(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert failed == 0
