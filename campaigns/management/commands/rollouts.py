"""`manage.py rollouts`: what is under way, one with its gates, begin one, take a step."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaigns import ramps, rollout_states
from campaigns.actions import rollouts
from campaigns.models import Rollout
from campaigns.queries import rollout_monitor
from campaigns.queries import rollouts as reading
from campaigns.ramps import BadRamp, Ramp
from martechops.lib import clock
from martechops.people.models import User
from martechops.people.permissions import NotAllowed
from workflows.models import Version


class Command(BaseCommand):
    """For the shell, with the rights of a person."""

    help = "List rollouts, show one with its gates, begin one, or take a step."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="do", required=True)
        verbs.add_parser("list", help="what is under way")
        shown = verbs.add_parser("show", help="one, with its gates and its log")
        shown.add_argument("id", type=int)
        begun = verbs.add_parser("start", help="let the newest frozen version of a workflow out")
        begun.add_argument("workflow", help="key")
        begun.add_argument("--shares", default="5,25,100", help="percent, a stage each")
        begun.add_argument("--at-least", type=int, default=ramps.AT_LEAST, help="people a stage")
        begun.add_argument("--minutes", type=int, default=ramps.MINUTES, help="a stage, at least")
        moved = verbs.add_parser("move", help="take a step")
        moved.add_argument("id", type=int)
        moved.add_argument("verb", choices=[step.verb for step in rollout_states.TRANSITIONS])
        for one in (begun, moved):
            one.add_argument("--by", required=True, help="user name")
            one.add_argument("--because", default="")

    def handle(self, *, do: str, **said: Any) -> None:
        ways: dict[str, Callable[..., None]] = {
            "list": self._list,
            "show": self._show,
            "start": self._start,
            "move": self._move,
        }
        try:
            ways[do](**said)
        except (rollouts.CannotActivate, rollout_states.WrongState, BadRamp, NotAllowed) as error:
            raise CommandError(str(error)) from None

    def _list(self, **_: object) -> None:
        for row in reading.open_ones():
            self._line(row)

    def _line(self, row: Rollout) -> None:
        standing = reading.standing(row)
        stage = reading.ramp_of(row).stages[standing.stage].words
        self.stdout.write(f"{row.pk}  {row.version}  {rollout_states.label(standing.state)}  {stage}")

    def _show(self, *, id: int, **_: object) -> None:
        shown = rollout_monitor.of(_found(id))
        self._line(shown.rollout)
        self.stdout.write(f"{shown.met} people met the candidate, {shown.stable_met} the stable version")
        for line in shown.gates:
            self.stdout.write(f"  {line.finding.verdict:<12} {line.gate.label}: {line.finding.says}")
        for step in reversed(shown.steps):
            self.stdout.write(f"  {step.at:%Y-%m-%d %H:%M:%S} {step.verb} {step.because}".rstrip())

    def _start(
        self, *, workflow: str, shares: str, at_least: int, minutes: int, by: str, because: str, **_: object
    ) -> None:
        version = Version.objects.filter(workflow__key=workflow).exclude(frozen_at=None).order_by("number").last()
        if version is None:
            raise CommandError(f"there is no frozen version of {workflow}")
        each = {"at_least": at_least, "minutes": minutes, "deadline_minutes": max(ramps.DEADLINE_MINUTES, minutes + 1)}
        try:
            stages = [{"share_percent": int(share), **each} for share in shares.split(",")]
        except ValueError:
            raise CommandError("shares are whole percents with commas between them, such as 5,25,100") from None
        ramp = Ramp.of({"stages": stages})
        self._line(rollouts.start(version=version, ramp=ramp, by=_person(by), at=clock.now(), note=because))

    def _move(self, *, id: int, verb: str, by: str, because: str, **_: object) -> None:
        moved = rollouts.move(rollout=_found(id), verb=verb, by=_person(by), at=clock.now(), because=because)
        self._line(moved)


def _found(id: int) -> Rollout:
    row = reading.with_state().filter(pk=id).first()
    if row is None:
        raise CommandError(f"there is no rollout {id}")
    return row


def _person(name: str) -> User:
    user = User.objects.filter(username=name).first()
    if user is None:
        raise CommandError(f"there is nobody called {name}")
    return user
