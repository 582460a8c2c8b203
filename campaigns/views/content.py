"""The content board, and one item on its way from plan to promotion."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_POST

from campaigns.actions import approvals, content_reviews
from campaigns.forms.content import ContentForm, PlanForm
from campaigns.queries import approvals as asking
from campaigns.queries import campaigns
from martechops.lib import clock
from martechops.people.models import User
from martechops.people.permissions import may
from martechops.people.visitors import person
from workflows.actions import content
from workflows.actions.reviews import InReview
from workflows.engine.content import APPROVED, EDITABLE, MOVES, STATES
from workflows.engine.difference import differences
from workflows.engine.line_changes import line_changes
from workflows.models import ContentItem, StepApproval
from workflows.queries import content as reading
from workflows.queries import live, names, timeline
from workflows.queries.content import Revision
from workflows.views.stories import chapters

State = ContentItem.State
#: From → to, as its button says it. What goes to the right on the board, and what goes back.
_LABELS = {
    ("draft", "approval"): "Ask for approval",
    ("approved", "published"): "Publish",
    ("published", "promoted"): "Promoted",
    ("planned", "draft"): "Begin a draft",
    ("draft", "planned"): "Back to plan",
}


@dataclass(frozen=True, slots=True)
class Move:
    """One button of an item."""

    to: str
    label: str
    #: It goes to the right on the board.
    is_on: bool


@dataclass(frozen=True, slots=True)
class Written:
    """One revision with its difference: the short fields in words, the text line by line."""

    revision: Revision
    says: tuple[str, ...]
    #: Lines with their mark, as `line_changes` gives them.
    lines: tuple[tuple[str, str], ...]


def board(request: HttpRequest) -> HttpResponse:
    """Every item in the column of its state; a POST plans a new one."""
    user = person(request)
    form = PlanForm(request.POST if request.method == "POST" else None, user=user)
    if request.method == "POST" and form.is_valid() and (item := _planned(request, form)):
        messages.success(request, f"{item.name} is planned.")
        return redirect("content-item", item_id=item.pk)
    columns = [
        (state, label, [(item, _moves(user, item)) for item in items]) for state, label, items in reading.by_state()
    ]
    moved = request.GET.get("moved")
    context = {
        "columns": columns,
        "form": form,
        "may_plan": may(user, "content.edit"),
        "moved": reading.found(int(moved)) if moved and _is_id(moved) else None,
    }
    return render(request, "campaigns/content_board.html", context, status=422 if form.errors else 200)


def _planned(request: HttpRequest, form: PlanForm) -> ContentItem | None:
    """The new item; None where the form says now what is wrong."""
    item = ContentItem(key=slugify(form.cleaned_data["name"])[:120], **form.cleaned_data)
    try:
        return content.save(item, by=person(request), at=clock.now())
    except ValidationError as error:
        _put(form, error)
    return None


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 16


def _moves(user: User, item: ContentItem) -> list[Move]:
    """What this person may do with it from where it stands, onwards first."""
    found = [
        Move(to, _LABELS.get((item.state, to), f"Back to {to}"), STATES.index(to) > STATES.index(item.state))
        for to in MOVES[item.state]
        if may(user, "content.publish" if to in APPROVED else "content.edit", item)
    ]
    return sorted(found, key=lambda move: not move.is_on)


def detail(request: HttpRequest, item_id: int) -> HttpResponse:
    """One item: what it is, where it stands, who agrees, what became of it; a POST changes it."""
    item = _found(item_id)
    form = ContentForm(request.POST if request.method == "POST" else None, item=item)
    status, theirs = 200, None
    if request.method == "POST":
        if form.is_valid() and (status := _saved(request, item, form)) == 200:
            return redirect("content-item", item_id=item.pk)
        status = status if form.is_valid() or status != 200 else 422
        item = _found(item_id)
        theirs = item if status == 409 else None
    context = _context(request, item) | {"form": form, "theirs": theirs}
    if status == 422:  # what was changed meanwhile has not been shown yet
        context["seen"] = request.POST.get("seen", "")
    return render(request, "campaigns/content_item.html", context, status=status)


def _saved(request: HttpRequest, item: ContentItem, form: ContentForm) -> int:
    """Save what the form says. 200, or why not: 422 where the form says now what is wrong, 409 where others were
    faster or look at it now.
    """
    seen, before = request.POST.get("seen") or None, item.state
    form.fill(item)
    try:
        content.save(item, by=person(request), at=clock.now(), expected=seen)
    except content.ChangedMeanwhile:
        form.add_error(None, "Somebody changed it while you wrote. What you wrote stands here still; save to keep it.")
        return 409
    except ValidationError as error:
        _put(form, error)
        return 422
    except InReview as error:
        form.add_error(None, str(error))
        return 409
    again = item.state != before
    messages.success(request, "Saved. It is a draft again, to be agreed to anew." if again else "Saved.")
    return 200


def _put(form: Any, error: ValidationError) -> None:
    """Each message at its field."""
    for name, said in error.message_dict.items() if hasattr(error, "error_dict") else [("", error.messages)]:
        form.add_error("name" if name == "key" else name if name in form.fields else None, said)


def _context(request: HttpRequest, item: ContentItem) -> dict[str, Any]:
    user = person(request)
    asked = asking.newest_of("content", item.key)
    return {
        "item": item,
        "seen": content.state_of(item),
        "moves": _moves(user, item),
        "runs": reading.runs(item),
        "workflows": names.of_workflows(),
        "asked": StepApproval.objects.filter(content_id=item.pk, state=StepApproval.State.ASKED).select_related(
            "owner"
        ),
        "request_": asked,
        "story": chapters(timeline.of_content(item.pk)),
        "past": item.history.select_related("history_user").order_by("-history_id")[:20],
        "revisions": [_written(revision) for revision in reading.revisions(item)[:20]],
        "campaigns": campaigns.publishing(item),
        "wanting": live.about_content(),
        "states": dict(State.choices),
        "may_edit": may(user, "content.edit", item),
        "is_held": item.state == State.APPROVAL,
        "goes_back": item.state not in EDITABLE,
    }


def _written(revision: Revision) -> Written:
    short = [change for change in revision.changes if change[0] != "body"]
    old, new = ({name: _plain(values[at]) for name, *values in short} for at in (0, 1))
    body = next(((before or "", after) for name, before, after in revision.changes if name == "body"), ("", ""))
    return Written(revision, tuple(differences(old, new)), line_changes(*body))


def _plain(value: Any) -> Any:
    return f"{value:%Y-%m-%d %H:%M} UTC" if hasattr(value, "strftime") else value or None


@require_POST
def move(request: HttpRequest, item_id: int) -> HttpResponse:
    """One step along its way, and back to where it was asked for."""
    item, to = _found(item_id), request.POST.get("to", "")
    on_board = request.POST.get("from") == "board"
    try:
        content_reviews.move(item=item, to=to, by=person(request), at=clock.now())
    except (content.CannotMove, approvals.CannotAsk, InReview) as error:
        messages.error(request, str(error))
    where = reverse("content") if on_board else reverse("content-item", args=[item.pk])
    return redirect(f"{where}?moved={item.pk}#item-{item.pk}" if on_board else where)


@require_POST
def restore(request: HttpRequest, item_id: int) -> HttpResponse:
    """Its words as they were at an earlier revision, as another edit."""
    item, revision = _found(item_id), request.POST.get("revision", "")
    if not _is_id(revision):
        raise Http404(f"revision {revision}")
    try:
        content.restore(item=item, revision=int(revision), by=person(request), at=clock.now())
    except LookupError as error:
        raise Http404(str(error)) from None
    except InReview as error:
        messages.error(request, str(error))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, "Its words are what they were then.")
    return redirect("content-item", item_id=item.pk)


def _found(item_id: int) -> ContentItem:
    item = reading.found(item_id)
    if item is None:
        raise Http404(f"content item {item_id}")
    return item
