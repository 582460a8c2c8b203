"""`python -m tests.chaos.publish TEMPLATE`: the next version of the patient workflow goes live, with that template."""

import sys
from datetime import UTC, datetime


def main(template: str) -> None:
    import django

    django.setup()
    from martechops.people.models import Team
    from tests.chaos import furnishing, workspace

    document = workspace.complete(workspace.patient(template))
    furnishing.go_live(document, owner=Team.objects.get(key="ops"), by=furnishing.BY, at=datetime.now(UTC))


if __name__ == "__main__":
    main(sys.argv[1])
