"""Who came lately by what begins a workflow: the leads that checks are counted over."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from campaigns.qa.launch import Coverage
from workflows.engine import identity
from workflows.engine.conditions import value_at
from workflows.engine.spec import Spec
from workflows.models import Contact, ContactKey, InboundEvent
from workflows.queries import contacts, scores

SINCE = timedelta(days=30)
#: The newest events that are looked through, and the leads that are counted.
_EVENTS, MOST = 20_000, 500

Facts = Mapping[str, Any]


def of(spec: Spec, *, at: datetime) -> list[Facts]:
    """Contacts as they are now whose newest events would begin it. Three queries over a bounded part of the tables."""
    names = [name for name in (spec.trigger.names if spec.trigger else ()) if not name.startswith("$")]
    newest = InboundEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    bodies = InboundEvent.objects.filter(
        pk__gt=newest - _EVENTS, name__in=names, received_at__gt=at - SINCE, received_at__lte=at
    ).order_by("-pk")
    keys = {key for body in bodies.values_list("body", flat=True)[: 2 * MOST] for key in identity.keys(body)[:1]}
    ids = ContactKey.objects.filter(key__in=keys).values_list("contact_id", flat=True)[:MOST]
    return facts_of(list(ids), at=at)


def facts_of(ids: Sequence[int], *, at: datetime) -> list[Facts]:
    """These contacts as rules and templates see them. Two queries."""
    scoring = scores.compiled()
    rows = Contact.objects.filter(pk__in=ids).order_by("pk")
    return [contacts.facts_of(row, scoring=scoring, at=at) for row in rows]


def coverage(people: Sequence[Facts], paths: Sequence[str]) -> dict[str, Coverage]:
    """How many of them have a value at each path."""
    return {path: Coverage(sum(value_at(one, path) not in (None, "") for one in people), len(people)) for path in paths}
