"""What a person does with effects in doubt: `python -m tests.chaos.person '{"happened": [ids], "again": [ids]}'`.

On the installation that MARTECHOPS_HOME names, by the product's own actions.
"""

import json
import sys
from datetime import UTC, datetime


def main(said: dict[str, list[int]]) -> None:
    import django

    django.setup()
    from martechops.people.models import User
    from workflows.actions import effects

    sal, at = User.objects.get(username="sal"), datetime.now(UTC)
    for name, verb in (("happened", effects.it_happened), ("again", effects.send_again)):
        for start in range(0, len(said[name]), effects.MOST_AT_ONCE):
            part = said[name][start : start + effects.MOST_AT_ONCE]
            verb(effects=part, by=sal, at=at, note="looked into the mailbox")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
