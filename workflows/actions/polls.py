"""Asking a far side what changed there, because a person wants to know now."""

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from martechops.audit import entries
from martechops.lib import wake
from martechops.people.permissions import check_may
from workflows.models import Poll, System

DOORBELL = "workflows.poll"


@transaction.atomic
def ask_now(*, system: System, by: AbstractBaseUser | str, at: datetime) -> None:
    """The next question is due at once, whatever pause a failure began. Raises NotAllowed."""
    if not isinstance(by, str):
        check_may(by, "systems.pause", system)
    if not Poll.objects.filter(pk=system.key).update(next_at=at):
        Poll.objects.create(system=system.key, next_at=at)
    entries.record(action="connection.ask", object_kind="system", object_key=system.key, by=by, at=at, detail={})
    wake.after_commit(DOORBELL)
