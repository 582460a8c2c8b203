"""`manage.py test`: everything set up, everything run."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from martechops.embedded import chromium


class Command(BaseCommand):
    help = (
        "Run the whole suite on a PostgreSQL of its own. Arguments are pytest's: a path, -k WORD, -x, -n 0; "
        "--chaos adds the long form of the tests that kill processes."
    )
    requires_system_checks: list[str] = []

    def run_from_argv(self, argv: list[str]) -> None:
        """Not parsed by Django: whatever follows `test` is pytest's."""
        if {"-h", "--help"} & set(argv[2:]):
            self.print_help(argv[0], argv[1])
            return
        self.handle(arguments=argv[2:])

    def handle(self, *args: Any, **options: Any) -> None:
        arguments: list[str] = options.get("arguments", list(args))
        if chromium.may_install():
            self.stdout.write(f"Installing {' and '.join(chromium.PACKAGES)} for the browser tests (apt-get) ...")
            chromium.install()
        os.chdir(settings.BASE_DIR)
        os.execv(  # noqa: S606 - our own interpreter
            sys.executable, [sys.executable, "-m", "pytest", *_on_two_cores(arguments), *arguments]
        )


def _on_two_cores(arguments: list[str]) -> list[str]:
    """Two workers unless the caller chose; tests that share an installation or a browser stay on one of them."""
    chosen = any(argument == "-n" or argument.startswith(("-n", "--numprocesses")) for argument in arguments)
    return [] if chosen else ["-n", "2", "--dist", "loadscope"]
