"""The content board, and one item on its way from plan to promotion."""

from datetime import datetime

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.text import slugify
from django.views.decorators.http import require_POST

from martechops.lib import clock
from martechops.people.models import Team
from martechops.people.permissions import may
from martechops.people.visitors import person
from workflows.actions import content
from workflows.engine.content import APPROVED, MOVES
from workflows.models import ContentItem, StepApproval
from workflows.queries import content as reading
from workflows.queries import names, timeline

from .stories import chapters


def board(request: HttpRequest) -> HttpResponse:
    """Every item in the column of its state; a POST plans a new one."""
    if request.method == "POST":
        return _plan(request)
    context = {
        "columns": reading.by_state(),
        "kinds": ContentItem.Kind.choices,
        "teams": Team.objects.order_by("name"),
        "may_plan": may(request.user, "content.edit"),
    }
    return render(request, "workflows/content_board.html", context)


def _plan(request: HttpRequest) -> HttpResponse:
    said = request.POST
    team = Team.objects.filter(key=said.get("owner", "")).first()
    if team is None:
        messages.error(request, "Choose the team that owns it.")
        return redirect("content")
    item = ContentItem(
        key=slugify(said.get("name", ""))[:120],
        name=said.get("name", "").strip(),
        kind=said.get("kind", ""),
        owner=team,
        channels=said.get("channels", "").split(","),
        planned_for=_instant(said.get("planned_for", "")),
    )
    try:
        content.save(item, by=person(request), at=clock.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("content")
    messages.success(request, f"{item.name} is planned.")
    return redirect("content-item", item_id=item.pk)


def detail(request: HttpRequest, item_id: int) -> HttpResponse:
    """One item: what it is, where it stands, what became of it; a POST changes it."""
    item = _found(item_id)
    if request.method == "POST":
        _change(request, item)
        return redirect("content-item", item_id=item.pk)
    moves = [
        (state, ContentItem.State(state).label)
        for state in MOVES[item.state]
        if may(request.user, "content.publish" if state in APPROVED else "content.edit", item)
    ]
    asked = StepApproval.objects.filter(content_id=item.pk, state=StepApproval.State.ASKED)
    context = {
        "item": item,
        "moves": moves,
        "runs": reading.runs(item),
        "workflows": names.of_workflows(),
        "asked": asked.select_related("owner"),
        "story": chapters(timeline.of_content(item.pk)),
        "past": item.history.select_related("history_user").order_by("-history_id")[:20],
        "states": dict(ContentItem.State.choices),
        "may_edit": may(request.user, "content.edit", item),
    }
    return render(request, "workflows/content_item.html", context)


def _change(request: HttpRequest, item: ContentItem) -> None:
    said = request.POST
    item.name, item.body, item.link = said.get("name", "").strip(), said.get("body", ""), said.get("link", "").strip()
    item.channels, item.planned_for = said.get("channels", "").split(","), _instant(said.get("planned_for", ""))
    try:
        content.save(item, by=person(request), at=clock.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, "Saved.")


@require_POST
def move(request: HttpRequest, item_id: int) -> HttpResponse:
    """One step along its way."""
    item = _found(item_id)
    try:
        content.move(item=item, to=request.POST.get("to", ""), by=person(request), at=clock.now())
    except content.CannotMove as error:
        messages.error(request, str(error))
    return redirect("content-item", item_id=item.pk)


def _found(item_id: int) -> ContentItem:
    item = reading.found(item_id)
    if item is None:
        raise Http404(f"content item {item_id}")
    return item


def _instant(text: str) -> datetime | None:
    """What a date and time field of a page says, by the clock of who looks."""
    try:
        found = parse_datetime(text.strip())
    except ValueError:
        return None
    return timezone.make_aware(found) if found and found.tzinfo is None else found
