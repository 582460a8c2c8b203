"""The browser that browser tests drive: the machine's own Chromium, and what Playwright needs to drive it."""

import functools
import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

#: Playwright's own program is linked against libatomic, which a small Debian has not.
PACKAGES = ("chromium", "libatomic1")
HOW_TO_GET_IT = f"apt-get install {' '.join(PACKAGES)} (as root), or put a chromium or google-chrome on the PATH"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

#: No sandbox, because root's browser has none; nothing that calls home.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


def find() -> str | None:
    """The path of a browser, or None."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@functools.cache
def why_not() -> str | None:
    """Why browser tests cannot run on this machine and what to do about it, or None when they can."""
    if find() is None:
        return f"There is no Chromium on this machine. To get it: {HOW_TO_GET_IT}."
    if not _driver_runs():
        return f"Playwright's driver does not run on this machine. What it needs: {HOW_TO_GET_IT}."
    return None


def may_install() -> bool:
    """True when something is missing, and we are root on a Debian."""
    return why_not() is not None and shutil.which("apt-get") is not None and os.geteuid() == 0


def install() -> None:
    """Have apt install it; whether that worked is for `why_not` to say."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", *PACKAGES]):
        subprocess.run(  # noqa: S603
            ["apt-get", *arguments],  # noqa: S607 - wherever this Debian has it
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    why_not.cache_clear()


def _driver_runs() -> bool:
    found = importlib.util.find_spec("playwright")
    if found is None or found.origin is None:
        return False
    driver = Path(found.origin).parent / "driver" / "node"
    done = subprocess.run([driver, "--version"], capture_output=True, check=False)  # noqa: S603
    return done.returncode == 0
