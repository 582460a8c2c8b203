"""What a check has to say: one fault, where it is, how it is mended, and who is to be called."""

from dataclasses import dataclass, field

#: From what stops a version to what is worth a thought.
SEVERITIES = ("error", "warning", "advice")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A step of a workflow, or the workflow as a whole."""

    workflow: str
    step: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """What a check found, before the harness adds which check it was and in which workflow."""

    #: One sentence with the names of what it is about.
    says: str
    #: What to do, as an instruction.
    fix: str
    #: Key of the team that can mend it.
    team: str
    #: Key of the step; empty for the workflow as a whole.
    step: str = ""
    #: Into the workflow's document, below the step: `guards.consent`; of the workflow itself where there is no step.
    path: str = ""
    #: The other places that take part in it.
    also: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of one workflow version, or of several together."""

    code: str
    severity: str
    workflow: str
    #: Of the version: "live", "draft", "frozen" or "map".
    state: str
    #: Into the workflow's document: `steps[2].guards.consent`.
    path: str
    #: Key of the step; empty for the workflow as a whole.
    step: str
    says: str
    fix: str
    #: Key of the team to call (requirement G2).
    team: str
    also: tuple[Place, ...] = field(default=())
    #: Why the workflow's author lets it stand; empty for what still has to be mended.
    ignored_because: str = ""

    @property
    def places(self) -> tuple[Place, ...]:
        """All that take part in it, its own first."""
        return (Place(self.workflow, self.step), *self.also)

    def concerns(self, workflow: str) -> bool:
        """Does the workflow take part in it?"""
        return any(place.workflow == workflow for place in self.places)
