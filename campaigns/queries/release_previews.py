"""What a release would do if it went live now: whom it meets on their way, who comes to it, what leaves each day."""

from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.manifests import Change, Manifest
from campaigns.models import Release, Rollout
from workflows.engine.in_flight import FOLLOW, MIGRATE
from workflows.engine.replays import Forecast
from workflows.lint import BY_CODE, Finding
from workflows.models import Activation, Replay, Version
from workflows.queries import in_flight, lint, replays, specs
from workflows.queries.in_flight import Prospect

from . import approval_subjects, manifests

#: Kinds of effects that reach people.
_SENDS = ("send_message",)


@dataclass(frozen=True, slots=True)
class Sending:
    """One step that does something, each day, after its guards."""

    step: str
    name: str
    kind: str
    is_message: bool
    done_a_day: float
    withheld_a_day: float
    #: By the guards that say no, the most frequent first.
    withheld: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Preview:
    """Everything that the confirmation names by number."""

    #: What is live for everybody now, and the release that it went live with.
    live: Version | None
    live_release: Release | None
    #: What the manifest has that the live one has not; all of it where nothing is live.
    change: Change
    #: What was changed since the release was made: it would go live otherwise than it was agreed to.
    drift: Change
    #: Who is on the way on other versions, and where each policy would take them.
    flights: Sequence[Prospect]
    #: The newest replay of exactly this content, done or under way.
    replay: Replay | None
    forecast: Forecast | None
    sendings: Sequence[Sending]
    conflicts: Sequence[Finding]

    @property
    def in_flight(self) -> int:
        return sum(one.people for one in self.flights)

    @property
    def follow(self) -> int:
        """People who can go on with the new version from the step at which they stand."""
        return sum(one.moved_by(FOLLOW) for one in self.flights)

    @property
    def migrate(self) -> int:
        """People whom a map takes along that leads each step to the one of its key."""
        return sum(one.moved_by(MIGRATE) for one in self.flights)

    @property
    def messages_a_day(self) -> float:
        return sum(one.done_a_day for one in self.sendings if one.is_message)


def of(release: Release) -> Preview:
    """Of one release, which is read with its workflow and version. About fifteen queries, however many people."""
    version = release.version
    activation = Activation.objects.filter(workflow=release.workflow_id, until=None).select_related("version").first()
    live = activation.version if activation else None
    live_release = _release_of(live) if live else None
    own = Manifest.read(release.manifest)
    known = manifests.definitions()
    now = approval_subjects.current("release", approval_subjects.key_of_release(release), among=known)
    rows = Replay.objects.filter(workflow=release.workflow_id, digest=version.digest)
    replay = rows.filter(state=Replay.State.DONE).first() or rows.first()
    forecast = replays.of(replay) if replay and replay.state == Replay.State.DONE else None
    return Preview(
        live=live,
        live_release=live_release,
        change=own.changed_from(Manifest.read(live_release.manifest) if live_release else Manifest(())),
        drift=now.manifest.changed_from(own) if now else own.changed_from(own),
        flights=in_flight.prospects(version),
        replay=replay,
        forecast=forecast,
        sendings=_sendings(version, forecast) if forecast else (),
        conflicts=_conflicts(version),
    )


def _release_of(version: Version) -> Release | None:
    rollout = Rollout.objects.filter(version=version, release__isnull=False).select_related("release").first()
    return rollout.release if rollout else None


def _names(version: Version) -> dict[str, str]:
    return {step.key: step.name or step.key for step in specs.of(version).spec.steps}


def _sendings(version: Version, forecast: Forecast) -> list[Sending]:
    days = forecast.days
    names = _names(version)
    return [
        Sending(
            step=one.step,
            name=names.get(one.step, one.step),
            kind=one.kind,
            is_message=one.kind in _SENDS,
            done_a_day=(one.done + one.held) / days,
            withheld_a_day=sum(one.withheld.values()) / days,
            withheld=sorted(one.withheld.items(), key=lambda pair: -pair[1]),
        )
        for one in forecast.steps
    ]


def _conflicts(version: Version) -> list[Finding]:
    """With everything that is live or drafted: what the lint finds of several workflows together."""
    found = lint.findings_of(version.workflow.key, content=version.content, state="frozen")
    return [one for one in found if BY_CODE[one.code].together and not one.ignored_because]
