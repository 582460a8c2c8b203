"""The first command on a new machine works, or says in one sentence why not."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

from martechops import bootstrap


def test_nothing_but_the_standard_library_is_imported() -> None:
    tree = ast.parse(Path(bootstrap.__file__).read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_it_stays_out_of_the_way_where_everything_is_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "_set_up", lambda *, for_tests: pytest.fail("set up again"))
    bootstrap.ensure()


def test_old_python_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    with pytest.raises(SystemExit, match=r"^MartechOps needs Python 3\.11 or newer; this is Python 3\.9\.2 \(.*\)\.$"):
        bootstrap.ensure()


def test_it_can_be_read_by_an_old_python_so_that_it_can_say_so() -> None:
    for path in (Path(bootstrap.__file__), bootstrap.ROOT / "manage.py"):
        ast.parse(path.read_text(), feature_version=(3, 7))


@pytest.mark.parametrize(
    ("listing", "expected"),
    [
        ("", {}),
        ("global.index-url='https://one/index'", {"UV_DEFAULT_INDEX": "https://one/index"}),
        (":env:.index-url='https://two/index'\nglobal.index-url='https://one/index'", {"UV_DEFAULT_INDEX": "https://two/index"}),
        (
            "global.extra-index-url='\\nfile:///a/simple\\nfile:///b/simple'",
            {"UV_INDEX": "file:///a/simple file:///b/simple", "UV_INDEX_STRATEGY": "unsafe-best-match"},
        ),
        ("global.find-links='/a /b'\nglobal.cert='/c.crt'", {"UV_FIND_LINKS": "/a,/b", "SSL_CERT_FILE": "/c.crt"}),
        ("global.disable-pip-version-check='1'", {}),
    ],
)  # fmt: skip
def test_pips_configuration_is_honoured(listing: str, expected: dict[str, str]) -> None:
    assert bootstrap._uv_settings(listing) == expected


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("error: failed to create directory: Permission denied (os error 13)", "cannot be written"),
        ("/usr/bin/python3: No module named pip", "apt-get install python3-pip"),
        ("ERROR: No matching distribution found for uv", "index cannot be reached"),
        ("error: Failed to fetch: `https://one/`\n  dns error: Name or service not known", "index cannot be reached"),
        ("error: something new", "error: something new"),
    ],
)  # fmt: skip
def test_what_an_installer_says_becomes_one_sentence(output: str, says: str) -> None:
    assert says in bootstrap._cause(output)


def test_failing_installer_ends_the_program_with_its_cause() -> None:
    with pytest.raises(SystemExit, match=r"^Set-up stopped: the disk is full"):
        bootstrap._run([sys.executable, "-c", "print('No space left on device'); raise SystemExit(1)"], {})


def test_only_what_the_product_needs_is_installed_to_run_it() -> None:
    lock = bootstrap.LOCK.read_text()
    product = bootstrap.product_pins(lock)
    wanted = tomllib.loads((bootstrap.ROOT / "pyproject.toml").read_text())
    assert all(f"\n{name_of(one)}==" in f"\n{product}" for one in wanted["project"]["dependencies"])
    assert not any(f"\n{name}==" in product for name in ("pytest", "playwright", "mypy", "ruff", "hypothesis"))
    assert "\nvine==" in product  # only a dependency of a dependency asks for it
    assert all(pin in lock for pin in product.splitlines())


def name_of(requirement: str) -> str:
    return re.split(r"[\[<>=]", requirement)[0]


@pytest.mark.parametrize(
    ("installed_for_tests", "wanted_for_tests", "fresh"),
    [(False, False, True), (False, True, False), (True, False, True), (True, True, True)],
)
def test_an_environment_with_the_tests_runs_the_product_too(
    installed_for_tests: bool, wanted_for_tests: bool, fresh: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(bootstrap, "PYTHON", Path(sys.executable))
    assert not bootstrap._is_fresh(for_tests=wanted_for_tests)
    bootstrap.STAMP.write_text(bootstrap._stamp(for_tests=installed_for_tests))
    assert bootstrap._is_fresh(for_tests=wanted_for_tests) is fresh


def test_no_registry_is_named_in_the_pins() -> None:
    pins = bootstrap.LOCK.read_text()
    assert "://" not in pins
    assert pins.count("--hash=sha256:") >= pins.count("==")
