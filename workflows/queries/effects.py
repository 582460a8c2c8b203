"""Effects as people look for them."""

from dataclasses import dataclass

from django.db.models import QuerySet

from martechops.lib import windows
from workflows.models import Effect

#: What a person can do something about.
OPEN = (Effect.State.UNCERTAIN, Effect.State.FAILED, Effect.State.HELD)


@dataclass(frozen=True, slots=True)
class EffectFilter:
    """What the address bar asks for; empty means any."""

    state: str = ""
    system: str = ""
    kind: str = ""
    contact_id: int | None = None

    @property
    def is_set(self) -> bool:
        return bool(self.state or self.system or self.kind or self.contact_id)


def window(wanted: EffectFilter, *, before: str = "") -> windows.Window[Effect]:
    """Effects that answer the filter, newest first."""
    return windows.by_id(_matching(wanted), before=before)


def _matching(wanted: EffectFilter) -> QuerySet[Effect]:
    rows = Effect.objects.all()
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.system:
        rows = rows.filter(system=wanted.system)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.contact_id:
        rows = rows.filter(contact_id=wanted.contact_id)
    return rows
