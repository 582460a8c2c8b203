"""Former names that files bring or take back; a rename on a page makes its own."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from martechops.audit import entries
from martechops.people.models import User
from martechops.people.permissions import check_may
from workflows.models import Alias


@transaction.atomic
def replace(*, kind: str, names: Mapping[str, str], by: User | str, at: datetime) -> None:
    """Let these former names of a kind, and no others, mean their new ones from now on. Raises NotAllowed."""
    if isinstance(by, User):
        check_may(by, "workspace.apply")
    live = {alias.old: alias for alias in Alias.objects.select_for_update().filter(kind=kind, until=None)}
    before = {old: alias.new for old, alias in live.items()}
    if before == dict(names):
        return
    ended = [alias.pk for old, alias in live.items() if names.get(old) != alias.new]
    Alias.objects.filter(pk__in=ended).update(until=at)
    Alias.objects.bulk_create(
        [Alias(kind=kind, old=old, new=new, since=at) for old, new in names.items() if before.get(old) != new]
    )
    entries.record(
        action="aliases.replace",
        object_kind="aliases",
        object_key=kind,
        by=by,
        at=at,
        detail={"before": before, "after": dict(names)},
    )
