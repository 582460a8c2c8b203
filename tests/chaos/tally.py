"""What arrived of effects that a test planned itself, by the far side's journal."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from martechops.inbox.models import InboxMessage
from tests.chaos.sink import Journal
from workflows.models import Effect


@dataclass(frozen=True, slots=True)
class Verdict:
    """How what arrived compares with what was planned."""

    lost: int
    #: Far sides that know a repeat drop it; elsewhere each arrival counts.
    doubled: int
    repeats_dropped: int


def judge(effects: Iterable[Effect], *, effect_class: str, journal: Journal) -> Verdict:
    """By what stands at the far side, not by what we believe of it."""
    keys = [str(effect.key) for effect in effects]
    if effect_class == "A":
        arrived = Counter(map(str, InboxMessage.objects.filter(key__in=keys).values_list("key", flat=True)))
    else:
        kind = "http" if effect_class == "B" else "smtp"
        arrived = Counter(hit["key"] for hit in journal.hits(kind=kind) if hit["key"] in set(keys))
    again = sum(count - 1 for count in arrived.values())
    honours = effect_class != "C"
    return Verdict(
        lost=sum(1 for key in keys if not arrived[key]),
        doubled=0 if honours else again,
        repeats_dropped=again if honours else 0,
    )
