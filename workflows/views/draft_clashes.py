"""Two people changed the same place of a draft: the second sees what differs and both texts, and decides."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from workflows.actions.drafts import ChangedMeanwhile
from workflows.engine.edits import Clash, merge, name_of
from workflows.engine.edits.merge import MISSING, ORDER
from workflows.engine.workflow_difference import compare
from workflows.forms import rules
from workflows.models import Workflow
from workflows.queries import files


@dataclass(frozen=True, slots=True)
class ShownClash:
    """One place, and what it said, says for them, and would say for you."""

    where: str
    base: str
    mine: str
    theirs: str


def clash_page(request: HttpRequest, workflow: Workflow, error: ChangedMeanwhile) -> HttpResponse:
    """409, with everything that was sent, so that deciding sends it again."""
    theirs = error.version.content
    merged = merge(base=error.base, mine=error.mine, theirs=theirs, prefer="mine").document
    authors = dict.fromkeys(made.author.get_full_name() if made.author else "a program" for made in error.since)
    context = {
        "workflow": workflow,
        "version": error.version,
        "authors": " and ".join(authors),
        "since": error.since,
        "clashes": [_shown(clash, theirs) for clash in error.clashes],
        "my_changes": compare(error.base, error.mine).sentences,
        "their_changes": compare(error.base, theirs).sentences,
        "my_text": files.text_of(error.mine),
        "their_text": files.text_of(theirs),
        "merged_changes": compare(theirs, merged).sentences,
        "sent": [(name, value) for name, values in request.POST.lists() for value in values if name not in _ANEW],
        "is_whole": request.headers.get("HX-Request") != "true",
    }
    return render(request, "workflows/editor/clash.html", context, status=409)


#: Said anew when the person decides.
_ANEW = frozenset({"csrfmiddlewaretoken", "prefer"})


def _shown(clash: Clash, document: dict[str, Any]) -> ShownClash:
    is_rule = clash.path[-1] in ("when", "where")
    return ShownClash(
        where=_where(clash, document),
        base=_value(clash.base, is_rule=is_rule),
        mine=_value(clash.mine, is_rule=is_rule),
        theirs=_value(clash.theirs, is_rule=is_rule),
    )


def _where(clash: Clash, document: dict[str, Any]) -> str:
    path = clash.path
    if path == ("steps", ORDER):
        return "The order of the steps"
    if path[:1] == ("steps",) and len(path) > 1:
        place = " ".join(part.replace("_", " ") for part in path[2:])
        return f"{name_of(document, path[1])}: {place or 'the whole step'}"
    return " ".join(part.replace("_", " ") for part in path).capitalize()


def _value(value: Any, *, is_rule: bool) -> str:
    if value is MISSING:
        return ""
    if is_rule and isinstance(value, dict):
        return rules.words(value)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return (
        files.text_of(value if isinstance(value, dict) else {"": value})
        if isinstance(value, dict | list)
        else str(value)
    )
