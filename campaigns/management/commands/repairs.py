"""`manage.py repairs`: what versions did that were rolled back; list, show, open, confirm, dismiss."""

from argparse import ArgumentParser

from django.core.management.base import CommandError

from campaigns.actions import repairs
from campaigns.management.verbs import VerbCommand, person
from campaigns.models import Repair
from campaigns.queries import repairs as reading
from martechops.lib import clock
from workflows.models import Version


class Command(VerbCommand):
    """As its help says."""

    help = "List repairs, show one with its numbers, have listed what a version did, confirm one, or leave everything."
    refusals = (repairs.WrongState,)

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="do", required=True)
        verbs.add_parser("list", help="all, the newest first")
        shown = verbs.add_parser("show", help="one, by kind and state")
        opened = verbs.add_parser("open", help="have listed what a version did; nothing is put right by that")
        opened.add_argument("workflow", help="key")
        opened.add_argument("number", type=int, help="of the version")
        confirmed = verbs.add_parser("confirm", help="put right what was listed")
        dismissed = verbs.add_parser("dismiss", help="leave everything as it is")
        for one in (shown, confirmed, dismissed):
            one.add_argument("id", type=int)
        for one in (opened, confirmed, dismissed):
            one.add_argument("--by", required=True, help="user name")

    def _list(self, **_: object) -> None:
        for row in reading.listed():
            self._line(row)

    def _line(self, row: Repair) -> None:
        self.stdout.write(f"{row.pk}  {row.version}  {row.get_state_display().lower()}  {row.runs} runs")

    def _show(self, *, id: int, **_: object) -> None:
        row = _found(id)
        self._line(row)
        for label, planned, done, left, cannot in reading.counts(row).rows:
            self.stdout.write(f"  {label}: {planned} to be done, {done} done, {left} left, {cannot} cannot be undone")

    def _open(self, *, workflow: str, number: int, by: str, **_: object) -> None:
        rows = Version.objects.select_related("workflow__owner").filter(workflow__key=workflow, number=number)
        if (version := rows.first()) is None:
            raise CommandError(f"{workflow} has no version {number}")
        self._line(repairs.open_for(version=version, by=person(by), at=clock.now(), because="asked for in the shell"))

    def _confirm(self, *, id: int, by: str, **_: object) -> None:
        self._line(repairs.confirm(repair=_found(id), by=person(by), at=clock.now()))

    def _dismiss(self, *, id: int, by: str, **_: object) -> None:
        self._line(repairs.dismiss(repair=_found(id), by=person(by), at=clock.now()))


def _found(id: int) -> Repair:
    row = reading.found(id)
    if row is None:
        raise CommandError(f"there is no repair {id}")
    return row
