"""Every scenario about a workflow, tried on one of its versions: what pages, commands and checks show."""

from dataclasses import dataclass

from workflows.models import Version, Workflow
from workflows.queries import scenarios

from . import ground, standards, trials
from .ground import Ground
from .trials import Trial


@dataclass(frozen=True, slots=True)
class Tried:
    """A version, and what came of every scenario that is about it."""

    version: Version
    ground: Ground
    trials: tuple[Trial, ...]

    @property
    def failing(self) -> tuple[Trial, ...]:
        return tuple(trial for trial in self.trials if trial.failures)


def tried(version: Version) -> Tried:
    """Played now, on the version alone: never out of date. Some ten small queries. Raises `BadSpec`."""
    found = ground.of(version)
    own = scenarios.about(version.workflow.key)
    return Tried(version, found, trials.all_of(own, standards.all(), found))


def newest(workflow: Workflow, *, draft: bool = False, number: int | None = None) -> Version | None:
    """What is tried if nobody says: the live version, or the newest that is frozen; with `draft`, an open one first."""
    rows = workflow.versions.select_related("workflow").order_by("-number")
    if number is not None:
        return rows.filter(number=number).first()
    if draft and (open_one := rows.filter(frozen_at=None).first()):
        return open_one
    live = workflow.activations.filter(until=None).order_by("pk").values_list("version_id", flat=True).first()
    frozen = rows.exclude(frozen_at=None)
    return (frozen.filter(pk=live).first() if live else None) or frozen.first()
