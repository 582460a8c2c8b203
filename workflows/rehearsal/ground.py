"""What stories of one version are played on: read once, for hundreds of stories a second."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from martechops.lib import liquid
from martechops.lib.liquid import BadTemplate
from workflows.engine.conditions import Condition
from workflows.engine.spec import Spec
from workflows.models import MessageTemplate, Source, Version
from workflows.queries import live
from workflows.runtime.definitions import Definitions

from . import candidates, leads, watching
from .leads import Lead, Vocabulary
from .rehearsal import Rehearsal

#: A Monday morning at work, in the middle of no holidays.
USUAL_START = datetime(2026, 3, 2, 9, tzinfo=UTC)
#: After the last thing that happens; longer than the longest usual wait.
HORIZON = timedelta(days=400)
#: What leads to somebody reads; the furthest of them is where a willing lead is sent.
_REACHING = ("send_message", "create_task", "assign_owner", "call_webhook", "upsert_record")


@dataclass
class Ground:
    """One version with everything around it. Compiled parts are made when first asked for, and kept."""

    spec: Spec
    number: int
    defined: Definitions
    vocabulary: Vocabulary
    #: Template → dotted paths without which its text has a gap.
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Source → its number.
    sources: Mapping[str, int] = field(default_factory=dict)
    #: What plays: another one where a test plants a fault in the world itself.
    world: type[Rehearsal] = Rehearsal
    start: datetime = USUAL_START

    @cached_property
    def watched(self) -> Mapping[str, Condition]:
        return watching.rules(self.defined)

    @cached_property
    def willing(self) -> Lead:
        """Somebody who has what the workflow asks for, as far as anybody gets."""
        steps = [step.key for step in self.spec.steps if step.action in _REACHING] or [self.spec.steps[-1].key]
        best = None
        for step in reversed(steps):
            best = leads.willing(
                self.spec, step, defined=self.defined, vocabulary=self.vocabulary, at=self.start + timedelta(days=1)
            )
            if not best.says:
                return best.lead
        return best.lead if best else Lead()

    @cached_property
    def needs(self) -> Mapping[str, tuple[str, ...]]:
        """Step → fields of the contact that what it does cannot do without.

        A gap in a message is seen by a customer; one in the title of a task by a colleague, who can still do it.
        """
        return {step.key: tuple(dict.fromkeys(self._needs(step))) for step in self.spec.steps}

    @property
    def stages(self) -> list[str]:
        """In their order."""
        return sorted(self.defined.catalog.stages, key=lambda key: self.defined.catalog.stages[key].position)

    def position(self, stage: Any) -> int | None:
        found = self.defined.catalog.stages.get(stage)
        return found.position if found else None

    def required_of(self, event: str) -> tuple[str, ...] | None:
        """Properties that must be there; None for an event without a schema."""
        schema = self.vocabulary.schemas.get(event)
        return tuple(schema.get("required") or ()) if isinstance(schema, Mapping) and schema else None

    def _needs(self, step: Any) -> Iterator[str]:
        yield from (path for path in step.guards.require if path.startswith("contact."))
        if step.action == "send_message":
            yield from (path for path in self.texts.get(str(step.arguments.get("template")), ()))


def paths_in(*texts: str) -> tuple[str, ...]:
    """Fields of contacts without which texts have a gap.

    >>> paths_in("Call {{ contact.first_name }}, {{ contact.company | default: 'somebody' }}")
    ('contact.first_name',)
    """
    found: list[str] = []
    for text in texts:
        try:
            found += [path for path in liquid.needed(text) if path.startswith("contact.")]
        except BadTemplate:  # the lint says so, and whoever sends it
            continue
    return tuple(dict.fromkeys(found))


def of(version: Version) -> Ground:
    """The version alone, with the vocabulary as it is now. A few small queries. Raises `BadSpec`."""
    defined = candidates.alone(version)
    used = {str(one) for one in defined.catalog.channels}
    rows = MessageTemplate.objects.filter(key__in=used).values_list("key", "subject", "body")
    return Ground(
        spec=live.spec_of(version, defined.today),
        number=version.number,
        defined=defined,
        vocabulary=leads.vocabulary(defined.today.segments),
        texts={key: paths_in(subject, body) for key, subject, body in rows},
        sources=dict(Source.objects.values_list("key", "pk")),
    )
