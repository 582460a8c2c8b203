"""Checklists of launches: run by machine, signed by people."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from campaigns.models import Checklist, CheckResult, ManualCheck, PageVisit
from campaigns.qa.check import Result, examine
from campaigns.qa.checks import CHECKS
from campaigns.qa.launch import Launch
from martechops.audit import entries
from martechops.lib import digest as digests
from martechops.people.models import Team, User
from martechops.people.permissions import NotAllowed, check_may


@dataclass(frozen=True, slots=True)
class ToSign:
    """One thing for a person to look at, as a playbook or a campaign names it."""

    key: str
    says: str
    #: Key of the team that signs; empty: anybody who may edit the launch.
    team: str = ""
    blocking: bool = True


def examined(launch: Launch) -> tuple[Result, ...]:
    """What every check says of a launch. Nothing is stored."""
    return tuple(examine(check, launch=launch) for check in CHECKS)


@transaction.atomic
def store(
    *,
    kind: str,
    key: str,
    digest: str,
    results: Sequence[Result],
    to_sign: Iterable[ToSign],
    at: datetime,
    addresses: Sequence[str] = (),
) -> Checklist:
    """The checklist of that launch at that digest, with these results in the place of former ones.

    What people signed at the same digest stays signed.
    """
    found, _ = Checklist.objects.get_or_create(kind=kind, key=key, digest=digest, defaults={"made_at": at})
    checklist = Checklist.objects.select_for_update().get(pk=found.pk)
    checklist.checked_at, checklist.problem, checklist.addresses = at, "", list(addresses)
    checklist.save(update_fields=["checked_at", "problem", "addresses"])
    checklist.results.all().delete()
    CheckResult.objects.bulk_create(_row(checklist, result, at) for result in results)
    _lay_out(checklist, to_sign)
    entries.record(
        action="checklist.check",
        object_kind=kind,
        object_key=key,
        by="checks",
        at=at,
        detail={"digest": digest, "verdicts": {result.check.code: result.verdict for result in results}},
    )
    return checklist


@transaction.atomic
def fail(*, kind: str, key: str, digest: str, problem: str, at: datetime) -> Checklist:
    """The checks could not run at all; what they said before at this digest is gone with it."""
    checklist, _ = Checklist.objects.get_or_create(kind=kind, key=key, digest=digest, defaults={"made_at": at})
    checklist.checked_at, checklist.problem = at, problem
    checklist.save(update_fields=["checked_at", "problem"])
    checklist.results.all().delete()
    entries.record(
        action="checklist.fail", object_kind=kind, object_key=key, by="checks", at=at, detail={"problem": problem}
    )
    return checklist


@transaction.atomic
def sign(*, check: ManualCheck, by: User, at: datetime, note: str = "") -> ManualCheck:
    """Somebody of the team has looked. Raises NotAllowed."""
    check = ManualCheck.objects.select_for_update(of=("self",)).select_related("checklist", "team").get(pk=check.pk)
    check_may(by, "checklists.sign")
    if check.team and not by.teams.filter(pk=check.team.pk).exists():
        raise NotAllowed(f"Somebody of {check.team.name} signs this.")
    check.signed_by, check.signed_at, check.note = by, at, note.strip()
    check.save(update_fields=["signed_by", "signed_at", "note"])
    _record("checklist.sign", check, by=by, at=at)
    return check


@transaction.atomic
def take_back(*, check: ManualCheck, by: User, at: datetime) -> ManualCheck:
    """What was signed is open again: by who signed it, or by somebody who may sign it. Raises NotAllowed."""
    check = ManualCheck.objects.select_for_update(of=("self",)).select_related("checklist", "team").get(pk=check.pk)
    check_may(by, "checklists.sign")
    if check.team and check.signed_by != by and not by.teams.filter(pk=check.team.pk).exists():
        raise NotAllowed(f"{check.team.name} or who signed it takes it back.")
    check.signed_by, check.signed_at, check.note = None, None, ""
    check.save(update_fields=["signed_by", "signed_at", "note"])
    _record("checklist.take_back", check, by=by, at=at)
    return check


def ask_for_visits(urls: Iterable[str], *, at: datetime) -> None:
    """Have these addresses visited, each once; one that is asked for already is asked for anew."""
    rows = [PageVisit(digest=digests.of(url), url=url, wanted_at=at) for url in sorted(set(urls))]
    PageVisit.objects.bulk_create(rows, update_conflicts=True, unique_fields=["digest"], update_fields=["wanted_at"])


def _row(checklist: Checklist, result: Result, at: datetime) -> CheckResult:
    return CheckResult(
        checklist=checklist,
        code=result.check.code,
        section=result.check.section,
        blocking=result.check.blocking,
        verdict=result.verdict,
        says=result.says,
        evidence=[seen.document() for seen in result.seen],
        checked_at=at,
    )


def _lay_out(checklist: Checklist, to_sign: Iterable[ToSign]) -> None:
    teams = {team.key: team for team in Team.objects.all()}
    wanted = {one.key: one for one in to_sign}
    checklist.manual.exclude(key__in=wanted).delete()
    there = set(checklist.manual.values_list("key", flat=True))
    ManualCheck.objects.bulk_create(
        ManualCheck(checklist=checklist, key=one.key, says=one.says, team=teams.get(one.team), blocking=one.blocking)
        for one in wanted.values()
        if one.key not in there
    )


def _record(action: str, check: ManualCheck, *, by: User, at: datetime) -> None:
    entries.record(
        action=action,
        object_kind=check.checklist.kind,
        object_key=check.checklist.key,
        by=by,
        at=at,
        detail={"check": check.key, "digest": check.checklist.digest, "note": check.note},
    )
