"""Event names as they are and as they should be: those that mislead, and those that break the convention."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from workflows.engine.naming import BadConvention, compile_convention
from workflows.engine.sameness import Pair, Seen, TwoUses, near_names, same_meanings, two_uses
from workflows.models import EventType, InboundEvent, NamingConvention, Status

from . import names

#: Recent events that are looked at.
RECENT = 5_000


@dataclass(frozen=True, slots=True)
class Unclear:
    """Everything about names that could be read in two ways (requirement F4)."""

    near: Sequence[Pair]
    two_uses: Sequence[TwoUses]
    same_meanings: Sequence[Pair]
    #: Event type → what the convention for event names has against it.
    unconventional: Sequence[tuple[str, Sequence[str]]]

    def __len__(self) -> int:
        return len(self.near) + len(self.two_uses) + len(self.same_meanings) + len(self.unconventional)


def unclear() -> Unclear:
    """Looked for in the catalog and in what came in lately."""
    meanings = dict(EventType.objects.values_list("name", "meaning"))
    seen = _seen()
    every = list(dict.fromkeys([*meanings, *(use.name for use in seen)]))
    told = [(name, warnings) for name in meanings if (warnings := against(name))]
    return Unclear(near_names(every), two_uses(seen), same_meanings(meanings), told)


def against(name: str) -> list[str]:
    """What the agreed conventions for event names have against a name: a warning on save, never a refusal."""
    rows = NamingConvention.objects.filter(subject=NamingConvention.Subject.EVENT).exclude(status=Status.DRAFT)
    said: list[str] = []
    for row in rows:
        try:
            convention = compile_convention(row.parts, separator=row.separator)
        except BadConvention:  # written past the check on save
            continue
        checks = convention.explain(name)
        if all(check.holds for check in checks):
            return []
        said += [f"{row.name}: {check.says}" for check in checks if not check.holds]
    return said


def _seen() -> list[Seen]:
    """Recent named events by name, source and the properties that they carry."""
    sources = names.of_sources()
    rows = InboundEvent.objects.exclude(name="").order_by("-pk").values_list("name", "source_id", "body")[:RECENT]
    counts = Counter((name, source, frozenset(body.get("properties") or ())) for name, source, body in rows)
    return [
        Seen(name, sources.get(source, f"source {source}"), properties, count)
        for (name, source, properties), count in counts.items()
    ]
