"""A worker process that does nothing but deliver and ask what changed; started, killed and frozen by tests.

`python -m tests.chaos.worker` on the database that DATABASE_URL names; it ends when there has been nothing to do for
a while. It prints a line once it is ready. CLOCK_IS_OFF_SECONDS sets its own clock wrong.
"""

import os
import time
from datetime import timedelta

IDLE_SECONDS = 1.5


def main() -> None:
    import django

    django.setup()
    from django.db import connection

    from workflows.models import Effect
    from workflows.runtime import lanes, polling
    from workflows.runtime.sweep import sweep

    _set_wrong(timedelta(seconds=float(os.environ.get("CLOCK_IS_OFF_SECONDS", 0))))
    print("ready", flush=True)
    idle_since = time.monotonic()
    while time.monotonic() - idle_since < float(os.environ.get("IDLE_SECONDS", IDLE_SECONDS)):
        sweep()
        lanes.serve()
        polling.serve()
        if Effect.objects.filter(state__in=["planned", "reserved"]).exists():
            idle_since = time.monotonic()
        time.sleep(0.05)
    lanes.wait_until_idle()
    connection.close()


def _set_wrong(by: timedelta) -> None:
    from martechops.lib import clock

    honest = clock.now
    clock.now = lambda: honest() + by


if __name__ == "__main__":
    main()
