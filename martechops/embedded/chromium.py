"""The browser that browser tests drive: the machine's own Chromium."""

import os
import shutil
import subprocess

HOW_TO_GET_IT = "apt-get install chromium (as root), or put a chromium or google-chrome on the PATH"
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


def may_install() -> bool:
    """True when it is absent, and we are root on a Debian."""
    return find() is None and shutil.which("apt-get") is not None and os.geteuid() == 0


def install() -> None:
    """Have apt install it; whether that worked is for `find` to say."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", "chromium"]):
        subprocess.run(  # noqa: S603
            ["apt-get", *arguments],  # noqa: S607 - wherever this Debian has it
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=False,
        )
