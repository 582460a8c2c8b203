"""The blocks that messages name, with every wording that some reader may get to see."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from martechops.lib.liquid import BadTemplate
from workflows.engine import personal
from workflows.models import Block, MessageTemplate


@dataclass(frozen=True, slots=True)
class Wordings:
    """One block: all of its texts, and where they are written."""

    key: str
    #: As people call it: "block Offer".
    name: str
    at: str
    body: str


def named_in(bodies: Iterable[str]) -> list[Wordings]:
    """Those of the blocks that any of these texts names, in the order of their keys. One query."""
    keys = {key for body in bodies for key in _keys(body)}
    return [_of(row) for row in Block.objects.filter(key__in=keys).order_by("key")]


def by_template(templates: Iterable[MessageTemplate]) -> Mapping[str, list[Wordings]]:
    """Of each template, by its key. One query."""
    keys = {row.key: _keys(row.body) for row in templates}
    known = {row.key: _of(row) for row in Block.objects.filter(key__in=set().union(*keys.values()))}
    return {template: [known[key] for key in sorted(of) if key in known] for template, of in keys.items()}


def _of(row: Block) -> Wordings:
    texts = [str(choice.get("text", "")) for choice in row.choices if isinstance(choice, dict)]
    return Wordings(row.key, f"block {row.name}", f"/vocabulary/block/{row.pk}/", "\n".join([*texts, row.fallback]))


def _keys(body: str) -> set[str]:
    try:
        return set(personal.named(body))
    except BadTemplate:  # the check of the messages says so
        return set()
