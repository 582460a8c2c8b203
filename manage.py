#!/usr/bin/env python3
"""Everything is started from here; `python3 manage.py up` and `python3 manage.py test` need nothing installed."""

import os
import sys

from martechops import bootstrap


def main() -> None:
    bootstrap.ensure()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "martechops.settings")
    from django.core.management import execute_from_command_line

    from martechops.embedded.home import EmbeddedError

    try:
        execute_from_command_line(sys.argv)
    except EmbeddedError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
