"""Examples in docstrings are specifications: they run."""

import doctest
import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import martechops.lib
import reporting.attribution
import workflows.engine
import workflows.lint


def _modules() -> Iterator[str]:
    for package in (workflows.engine, workflows.lint, reporting.attribution, martechops.lib):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield module.name


@pytest.mark.parametrize("name", list(_modules()))
def test_examples_hold(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0
