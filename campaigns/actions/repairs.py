"""Putting right what a version did that was rolled back: listed, confirmed by a person, done in batches.

Nothing here sends a message to anybody. Whatever is done is done where it still is the version's: compared and changed
under the locks that workers hold. A batch and its items are one commit, so whoever is stopped goes on behind it, and a
second repair of the same version finds nothing left that is the version's.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db import OperationalError, transaction

from campaigns.actions import repair_deeds
from campaigns.models import Repair, RepairItem, Rollout
from campaigns.queries import repairs as reading
from martechops.audit import entries
from martechops.lib import crash_points, failures, wake
from martechops.people.models import User
from martechops.people.permissions import check_may
from workflows.actions import definitions
from workflows.models import Activation, MessageTemplate, Notice, Version

log = structlog.get_logger()

#: Runs that are listed, and items that are dealt with, in one transaction.
RUNS_AT_ONCE, ITEMS_AT_ONCE = 1_000, 500
#: No batch takes so long; a session that stands open for longer is none.
_AT_WORK = timedelta(minutes=1)
#: The task that goes on with what is left.
DOORBELL = "campaigns.repairs"
STATE = Repair.State


class WrongState(Exception):
    """It is not where this can be done; the message says where it is."""


@transaction.atomic
def open_for(
    *, version: Version, by: User | str, at: datetime, rollout: Rollout | None = None, because: str = ""
) -> Repair:
    """Have everything listed that a version did; the one that is open already, if there is one.

    A list from before the version was rolled back is of less than it did: it makes room for another. Who may roll
    back may ask for the list: nothing is put right before `confirm`.
    """
    if isinstance(by, User):
        check_may(by, "rollouts.stop", version.workflow)
    Version.objects.select_for_update().get(pk=version.pk)
    if there := version.repairs.filter(state__in=(STATE.LISTING, STATE.LISTED, STATE.RUNNING)).first():
        if rollout is None or there.rollout_id == rollout.pk or there.state == STATE.RUNNING:
            return there
        _dismiss(there, by=by, at=at)
    repair = Repair.objects.create(
        version=version,
        rollout=rollout,
        because=because,
        opened_by=by if isinstance(by, User) else None,
        opened_at=at,
    )
    _record("repair.open", repair, by=by, at=at, because=because)
    wake.after_commit(DOORBELL)
    return repair


@transaction.atomic
def confirm(*, repair: Repair, by: User, at: datetime) -> Repair:
    """Put right what was listed, and draft a correction of what was sent. Raises NotAllowed and WrongState."""
    locked = _locked(repair, STATE.LISTED)
    check_may(by, "rollouts.start", locked.version.workflow)
    if Activation.arms.filter(version=locked.version_id, until=None).exists():
        where = f"/workflows/{locked.version.workflow.key}/versions/"
        raise WrongState(f"People still enter version {locked.version.number}: roll it back first ({where}).")
    locked.state, locked.confirmed_by, locked.confirmed_at = STATE.RUNNING, by, at
    locked.correction = _draft_correction(locked, at=at)
    locked.save()
    planned = reading.counts(locked).of(RepairItem.State.PLANNED)
    _record("repair.confirm", locked, by=by, at=at, planned=planned)
    wake.after_commit(DOORBELL)
    return locked


@transaction.atomic
def dismiss(*, repair: Repair, by: User, at: datetime) -> Repair:
    """Leave everything as it is. Raises NotAllowed and WrongState."""
    locked = _locked(repair, STATE.LISTING, STATE.LISTED)
    check_may(by, "rollouts.start", locked.version.workflow)
    _dismiss(locked, by=by, at=at)
    return locked


def _dismiss(repair: Repair, *, by: User | str, at: datetime) -> None:
    repair.state, repair.ended_at = STATE.DISMISSED, at
    repair.save()
    _record("repair.dismiss", repair, by=by, at=at)


def carry_on(*, at: datetime) -> int:
    """The next batch of what is being listed or put right; how much was dealt with, and 0 where nothing can be now."""
    return _next(STATE.LISTING, _list, at) or _next(STATE.RUNNING, _put_right, at)


def _next(state: str, act: Callable[[Repair, datetime], int], at: datetime) -> int:
    """Of the oldest that has something to do; one that cannot go on does not keep the others."""
    for pk in Repair.objects.filter(state=state).order_by("pk").values_list("pk", flat=True):
        try:
            with transaction.atomic():
                rows = Repair.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=pk, state=state)
                repair = rows.select_related("version__workflow__owner").first()
                dealt_with = act(repair, at) if repair else 0
                crash_points.at("repair.written")
        except OperationalError:  # the database is gone or was in the way: it is tried again
            raise
        except Exception as error:  # noqa: BLE001 - said, and tried again at the next ring
            log.error("repair_cannot_go_on", repair=pk, error=failures.place(error))
            continue
        if dealt_with:
            return dealt_with
    return 0


def _list(repair: Repair, at: datetime) -> int:
    """What the next runs did; after the last of them somebody is told that there is something to confirm.

    Begun once nobody is at work any more who had not heard of the rollback: what they write would be missed.
    """
    if not repair.listed_upto and at < repair.opened_at + _AT_WORK and reading.somebody_is_still_at_it(repair):
        return 0
    touched = reading.touched_after(repair.version, repair.listed_upto, limit=RUNS_AT_ONCE)
    RepairItem.objects.bulk_create(reading.items_of(repair, touched), ignore_conflicts=True)
    if touched:
        repair.listed_upto, repair.runs = touched[-1].run.pk, repair.runs + len(touched)
    if len(touched) < RUNS_AT_ONCE:
        repair.state = STATE.LISTED
        _tell(repair, "there is something to put right: look at the numbers and confirm", at=at)
    repair.save()
    return len(touched) or 1


def _put_right(repair: Repair, at: datetime) -> int:
    items = list(
        repair.items.select_for_update(skip_locked=True)
        .filter(state=RepairItem.State.PLANNED)
        .order_by("pk")[:ITEMS_AT_ONCE]
    )
    if not items:
        return _end(repair, at=at)
    dealt_with = repair_deeds.do(repair, items, at=at)
    RepairItem.objects.bulk_update(dealt_with, ["state", "reason", "before", "ours", "at"])
    return len(dealt_with)


def _end(repair: Repair, *, at: datetime) -> int:
    repair.state, repair.ended_at = STATE.DONE, at
    repair.save()
    found = reading.counts(repair)
    said = {state.value: found.of(state) for state in RepairItem.State}
    _record("repair.done", repair, by=repair.writer, at=at, **said)
    _tell(
        repair, f"{said['done']} put right, {said['left']} left as they are, {said['cannot']} cannot be undone", at=at
    )
    return 0


def _draft_correction(repair: Repair, *, at: datetime) -> MessageTemplate | None:
    """A draft of what to tell those who got an e-mail by mistake; nobody sends it unless somebody writes it."""
    sent = [(template, people) for channel, template, people in reading.sent_templates(repair) if channel == "email"]
    if not sent:
        return None
    version, people = repair.version, sum(people for _, people in sent)
    key = f"correction-{version.workflow.key}-v{version.number}"[:50]
    if there := MessageTemplate.objects.filter(key=key).first():
        return there
    subjects = MessageTemplate.objects.filter(key__in=[template for template, _ in sent]).values_list(
        "subject", flat=True
    )
    row = MessageTemplate(
        key=key,
        name=f"Correction: {version.workflow.name}, version {version.number}"[:80],
        channel="email",
        owner=version.workflow.owner,
        subject="Please disregard our last message",
        body=_BODY.format(subjects=" or ".join(f'"{subject}"' for subject in subjects) or "from us"),
    )
    note = f"For {people} people who got a message by mistake: {repair}"
    return definitions.save(row, by=repair.writer, at=at, note=note)


_BODY = """Hello {{% if contact.first_name %}}{{{{ contact.first_name }}}}{{% else %}}there{{% endif %}},

you recently got a message from us, {subjects}, that was sent by mistake. Please disregard it. You need not do anything.

We are sorry for the confusion.
"""


def _locked(repair: Repair, *states: str) -> Repair:
    rows = Repair.objects.select_for_update(of=("self",)).select_related("version__workflow__owner")
    row = rows.get(pk=repair.pk)
    if row.state not in states:
        raise WrongState(f"Meanwhile it is {row.get_state_display().lower()}.")
    return row


def _tell(repair: Repair, says: str, *, at: datetime) -> None:
    version = repair.version
    Notice.objects.create(
        owner=version.workflow.owner,
        label=f"Repair of {version.workflow.name}, version {version.number}",
        address=f"/repairs/{repair.pk}/",
        says=says,
        by=None,
        at=at,
    )


def _record(action: str, repair: Repair, *, by: User | str, at: datetime, **detail: object) -> None:
    said = {"version": str(repair.version), "runs": repair.runs, **detail}
    entries.record(action=action, object_kind="repair", object_key=str(repair.pk), by=by, at=at, detail=said)
