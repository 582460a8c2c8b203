"""`manage.py rollouts`: what is under way, one with its gates, begin one, take a step."""

from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from campaigns import ramps, rollout_states
from campaigns.actions import rollouts
from campaigns.management.verbs import VerbCommand, person
from campaigns.models import Rollout
from campaigns.queries import rollout_monitor
from campaigns.queries import rollouts as reading
from campaigns.ramps import BadRamp, Ramp
from martechops.lib import clock, strict_json
from workflows.actions.moves import InFlight
from workflows.engine.in_flight import MIGRATE, PIN, POLICIES, BadMap, by_key
from workflows.engine.spec import END
from workflows.models import Activation, Version
from workflows.queries import in_flight as ways
from workflows.queries.in_flight import Preview


class Command(VerbCommand):
    """As its help says."""

    help = "List rollouts, show one with its gates, begin one, or take a step."
    refusals = (rollouts.CannotActivate, rollout_states.WrongState, BadRamp, BadMap, ValueError)

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="do", required=True)
        verbs.add_parser("list", help="what is under way")
        shown = verbs.add_parser("show", help="one, with its gates and its log")
        shown.add_argument("id", type=int)
        begun = verbs.add_parser("start", help="let a frozen version of a workflow out")
        begun.add_argument("workflow", help="key")
        begun.add_argument("--number", type=int, help="of the version; the newest one if left out")
        begun.add_argument("--ramp", type=Path, metavar="FILE", help="stages, window and expected stages as JSON")
        begun.add_argument("--starts-at", type=datetime.fromisoformat, metavar="TIME", help="such as 2026-12-01T09:00Z")
        begun.add_argument("--in-flight", choices=tuple(POLICIES), default=PIN, help="those on their way")
        begun.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="STEP=STEP",
            help="under migrate where those go who wait at a step, `end` for nowhere; each to its like if left out",
        )
        begun.add_argument("--preview", action="store_true", help="say with numbers where they would go, begin nothing")
        begun.add_argument("--shares", default="5,25,100", help="percent, a stage each")
        begun.add_argument("--at-least", type=int, default=ramps.AT_LEAST, help="people a stage")
        begun.add_argument("--minutes", type=int, default=ramps.MINUTES, help="a stage, at least")
        moved = verbs.add_parser("move", help="take a step")
        moved.add_argument("id", type=int)
        moved.add_argument("verb", choices=[step.verb for step in rollout_states.TRANSITIONS])
        for one in (begun, moved):
            one.add_argument("--by", required=True, help="user name")
            one.add_argument("--because", default="")

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

    def _start(self, *, workflow: str, by: str, because: str, in_flight: str, **said: Any) -> None:
        version = _version(workflow, said["number"])
        where = _where(version, in_flight, said["map"])
        shown = self._say_where(version, where)
        if said["preview"]:
            return
        begun = rollouts.start(
            version=version,
            ramp=_from_file(said["ramp"]) if said["ramp"] else _same_terms(said),
            by=person(by),
            at=clock.now(),
            note=because,
            starts_at=_aware(said["starts_at"]),
            in_flight=InFlight(where.policy, where.steps, shown.token if shown else ""),
        )
        self._line(begun)

    def _say_where(self, version: Version, where: InFlight) -> Preview | None:
        """Everybody who is on the way on what is live, step by step; None where nobody is moved."""
        if (live := _live(version)) is None or where.policy == PIN:
            return None
        shown = ways.preview(old=live, new=version, policy=where.policy, steps=where.steps)
        self.stdout.write(f"{shown.people} on the way on {live}: {shown.moving} are moved, {shown.staying} stay")
        for group in shown.groups:
            self.stdout.write(f"  {group.people} at {group.step}: {group.landing.says}")
        return shown

    def _move(self, *, id: int, verb: str, by: str, because: str, **_: object) -> None:
        moved = rollouts.move(rollout=_found(id), verb=verb, by=person(by), at=clock.now(), because=because)
        self._line(moved)


def _where(version: Version, policy: str, said: Sequence[str]) -> InFlight:
    """The policy with its map; the map that suggests itself where nothing is said."""
    if policy != MIGRATE:
        if said:
            raise CommandError("a map is for --in-flight migrate")
        return InFlight(policy)
    if odd := next((one for one in said if not all(one.partition("="))), None):
        raise CommandError(f"{odd} does not say where: it is written STEP=STEP, or STEP={END}")
    steps = {step: go for step, _, go in (one.partition("=") for one in said)}
    live = _live(version)
    if not steps and live is not None:
        old, new = ways.specs(live, version)
        steps = by_key(old=old, new=new)
    return InFlight(policy, steps)


def _live(version: Version) -> Version | None:
    """What it would take the place of."""
    rows = Activation.objects.filter(workflow=version.workflow_id, until=None).exclude(version=version)
    row = rows.select_related("version__workflow").first()
    return row.version if row else None


def _version(workflow: str, number: int | None) -> Version:
    rows = Version.objects.filter(workflow__key=workflow).select_related("workflow__owner").order_by("number")
    version = rows.filter(number=number).first() if number else rows.exclude(frozen_at=None).last()
    if version is None:
        raise CommandError(f"{workflow} has no {f'version {number}' if number else 'frozen version'}")
    return version


def _same_terms(said: dict[str, Any]) -> Ramp:
    """Shares, with the same terms for each."""
    minutes = said["minutes"]
    each = {
        "at_least": said["at_least"],
        "minutes": minutes,
        "deadline_minutes": max(ramps.DEADLINE_MINUTES, minutes + 1),
    }
    try:
        stages = [{"share_percent": int(share), **each} for share in said["shares"].split(",")]
    except ValueError:
        raise CommandError("shares are whole percents with commas between them, such as 5,25,100") from None
    return Ramp.of({"stages": stages})


def _from_file(path: Path) -> Ramp:
    try:
        document = strict_json.loads(path.read_bytes())
    except (OSError, strict_json.BadJson) as error:
        raise CommandError(f"{path} cannot be read: {error}") from None
    return Ramp.of(document if isinstance(document, dict) else {})


def _aware(at: datetime | None) -> datetime | None:
    """Without a zone it is UTC, as on the page."""
    return at.replace(tzinfo=UTC) if at and at.tzinfo is None else at


def _found(id: int) -> Rollout:
    row = reading.with_state().filter(pk=id).first()
    if row is None:
        raise CommandError(f"there is no rollout {id}")
    return row
