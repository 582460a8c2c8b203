"""Another name for an event, a stage or a value: what it touches is shown with numbers before it is done."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from martechops.lib import clock
from martechops.people.models import User
from martechops.people.permissions import check_may
from martechops.people.visitors import person
from workflows.actions import definitions, renames
from workflows.models import Alias
from workflows.queries import documents, names, notices

from .vocabulary import name_of, row_or_404


@dataclass(frozen=True, slots=True)
class _Named:
    """What can be renamed of one definition."""

    kind: str
    names: list[str]


def rename(request: HttpRequest, kind: str, row_id: int) -> HttpResponse:
    """Asks for the new name, shows what it touches, and does it when that is confirmed."""
    found, row = row_or_404(kind, row_id)
    check_may(request.user, "definitions.edit", row)
    named = _named(kind, row)
    old = request.POST.get("old") or named.names[0]
    context: dict[str, Any] = {
        "kind": found,
        "row": row,
        "name": name_of(row),
        "named": named,
        "old": old,
        "new": request.POST.get("new", "").strip(),
        "under_way": notices.renames_under_way(named.kind),
        "aliases": Alias.objects.filter(kind=named.kind, until=None, new__in=named.names),
    }
    if request.method == "POST":
        try:
            context["plan"] = plan = renames.plan(kind=named.kind, old=old, new=context["new"])
            context["others"] = _others(plan, person(request))
            if request.POST.get("confirmed"):
                done = renames.apply(kind=named.kind, old=old, new=context["new"], by=person(request), at=clock.now())
                messages.success(request, f"{old} is called {done.new} now; {old} is still understood.")
                return redirect("definition", kind=kind, row_id=row_id)
        except (renames.CannotRename, definitions.Frozen) as error:
            context["problem"] = str(error)
        except ValidationError as error:
            context["problem"] = " ".join(error.messages)
    return render(request, "workflows/rename.html", context)


def _others(plan: renames.Plan, user: User) -> list[tuple[str, tuple[str, ...]]]:
    """What belongs to teams that the person is not in: they are told of it."""
    own, teams = set(user.teams.values_list("key", flat=True)), names.of_teams()
    return [(teams.get(owner, owner), labels) for owner, labels in plan.by_owner.items() if owner not in own]


def _named(kind: str, row: Any) -> _Named:
    """Raises Http404 for a kind that is not renamed."""
    if kind in ("event-type", "stage"):
        return _Named(kind, [documents.key_of(row)])
    if kind == "field" and row.allowed_values:
        return _Named(f"value:{row.key}", [str(value) for value in row.allowed_values])
    raise Http404(kind)
