"""Imports run one way, doors stay shut, pure modules ask nothing of the world, and every module has a place."""

from collections.abc import Iterable

import pytest

from tests.architecture import layers
from tests.architecture.imports import TOP, Module, is_within, modules

MODULES = modules()
NAMES = {module.name for module in MODULES}


def app_row(name: str) -> int:
    """The row of the longest package in APPS that holds this name."""
    rows = [(len(app), row) for row, apps in enumerate(layers.APPS) for app in apps if is_within(name, app)]
    return max(rows)[1]


def inside_row(name: str) -> int | None:
    """The row within its app; None for an app's own package and for apps without such rows."""
    app, _, rest = name.partition(".")
    if app not in layers.LAYERED_APPS or not rest:
        return None
    part = rest.partition(".")[0].removesuffix("_urls")
    return next((row for row, parts in enumerate(layers.INSIDE) if part in parts), None)


def ours(module: Module) -> list[tuple[str, int]]:
    return [(name, line) for name, line in module.imports() if name.partition(".")[0] in TOP]


def where(module: Module, line: int, name: str) -> str:
    return f"{module.path.name}:{line} {module.name} imports {name}"


def test_every_module_has_a_place() -> None:
    unplaced = [
        name
        for name in NAMES
        if (
            (name.partition(".")[0] in layers.LAYERED_APPS and "." in name and inside_row(name) is None)
            and name.split(".")[1] != "apps"
        )
        or (app_row(name) == 0 and "." in name and name.split(".")[1] not in layers.PLATFORM)
    ]
    assert unplaced == [], "add them to tests/architecture/layers.py, or put them where they belong"


def test_imports_between_apps_run_downwards() -> None:
    upwards = [
        where(module, line, name)
        for module in MODULES
        for name, line in ours(module)
        if app_row(name) < app_row(module.name)
    ]
    assert upwards == []


def test_imports_inside_an_app_run_downwards() -> None:
    upwards = []
    for module in MODULES:
        here = inside_row(module.name)
        for name, line in ours(module):
            there = inside_row(name) if name.partition(".")[0] == module.name.partition(".")[0] else None
            if here is not None and there is not None and there < here:
                upwards.append(where(module, line, name))
    assert upwards == []


@pytest.mark.parametrize("door", layers.DOORS)
def test_door_is_used_only_by_those_who_hold_its_key(door: str) -> None:
    allowed = (door, *layers.DOORS[door])
    strangers = [
        where(module, line, name)
        for module in MODULES
        for name, line in ours(module)
        if is_within(name, door) and not any(is_within(module.name, friend) for friend in allowed)
    ]
    assert strangers == []


def test_workflows_reach_the_sandbox_through_connectors_only() -> None:
    strangers = [
        where(module, line, name)
        for module in MODULES
        for name, line in ours(module)
        if is_within(module.name, "workflows")
        and is_within(name, layers.FAR_SIDES)
        and not is_within(module.name, "workflows.connectors")
    ]
    assert strangers == []


def is_pure(name: str) -> bool:
    return any(is_within(name, package) for package in layers.PURE)


def reached_from(beginnings: Iterable[Module]) -> list[Module]:
    """These modules and, through their imports, every module of ours that they bring in."""
    by_name = {module.name: module for module in MODULES}
    waiting = list(beginnings)
    reached: dict[str, Module] = {}
    while waiting:
        module = waiting.pop()
        if module.name in reached:
            continue
        reached[module.name] = module
        names = {name for name, _ in ours(module)} | {name.rpartition(".")[0] for name, _ in ours(module)}
        waiting += [by_name[name] for name in names if name in by_name]
    return list(reached.values())


def reached_from_pure() -> list[Module]:
    return reached_from(module for module in MODULES if is_pure(module.name))


@pytest.mark.parametrize("package", layers.OUT_OF_REACH)
def test_package_cannot_reach_what_is_out_of_its_reach(package: str) -> None:
    reached = {module.name for module in reached_from(one for one in MODULES if is_within(one.name, package))}
    assert package in reached
    assert [name for name in reached if any(is_within(name, far) for far in layers.OUT_OF_REACH[package])] == []


def test_pure_modules_import_nothing_that_asks_the_world() -> None:
    impure = [
        where(module, line, name)
        for module in reached_from_pure()
        for name, line in module.imports()
        if any(is_within(name, package) for package in layers.IMPURE_IMPORTS)
    ]
    assert impure == []


def test_pure_modules_call_no_clock_and_no_dice() -> None:
    impure = [
        f"{module.name}:{line} calls {name}"
        for module in reached_from_pure()
        for name, line in module.calls()
        if name in layers.IMPURE_CALLS
    ]
    assert impure == []


def test_bags_are_refused() -> None:
    bags = {"utils", "helpers", "common", "core", "service", "services", "manager", "managers", "misc", "extras"}
    assert [name for name in NAMES if name.rpartition(".")[2] in bags] == []


def test_nothing_else_is_at_the_top() -> None:
    from tests.architecture.imports import ROOT

    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages == {*TOP, "tests"}
