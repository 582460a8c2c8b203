"""Approvals: what waits for whom, one request with everything that it takes to decide, and the verbs."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from campaigns.actions import approvals as actions
from campaigns.actions import break_glass, chat_rooms, delegations, releases, rollouts, verdicts
from campaigns.forms.approval import AskForm, BreakGlassForm, DelegationForm, OwnChatForm, chats
from campaigns.models import ApprovalRequest, BreakGlass, ChatRoom, Delegation
from campaigns.queries import approvals as reading
from campaigns.queries import checklists
from campaigns.queries import delegations as standing
from martechops.lib import clock
from martechops.lib.tabs import Tab
from martechops.people.models import Team, User
from martechops.people.permissions import check_may, may
from martechops.people.visitors import person
from workflows.actions.moves import InFlight
from workflows.engine.workflow_difference import compare
from workflows.models import ContentItem, System, Version
from workflows.queries import changed_uses, comments
from workflows.views import in_flight


def inbox(request: HttpRequest) -> HttpResponse:
    """What waits for one's own word, what one has asked for, what waits for others, and what was decided."""
    return _inbox(request, None)


def _inbox(request: HttpRequest, form: DelegationForm | None, own: OwnChatForm | None = None) -> HttpResponse:
    """`form` and `own` are such as say what is wrong with them."""
    user, at = person(request), clock.now()
    mine, asked = reading.inbox(by=user, at=at), reading.asked(by=user)
    view = request.GET.get("view", "mine" if mine or not asked else "asked")
    tabs = [
        Tab("For you", "?view=mine", current=view == "mine", count=len(mine)),
        Tab("Asked by you", "?view=asked", current=view == "asked", count=len(asked)),
        Tab("All open", "?view=open", current=view == "open"),
        Tab("Decided", "?view=closed", current=view == "closed"),
    ]
    lines = {"asked": lambda: asked, "open": reading.open_ones}.get(view, lambda: mine)
    context = {
        "tabs": tabs,
        "view": view,
        "lines": lines() if view != "closed" else [],
        "window": reading.closed(before=request.GET.get("before", "")) if view == "closed" else None,
        "given": standing.given(by=user, at=at),
        "form": form or (DelegationForm(giver=user) if may(user, "approvals.decide") else None),
        "rooms": _rooms(user),
        "own": own or OwnChatForm.of(user),
        "chats": chats(),
    }
    return render(request, "campaigns/approvals.html", context, status=422 if form or own else 200)


def _rooms(user: User) -> list[tuple[Team, str]]:
    """The teams whose chat this person may choose, with the key of what is chosen."""
    chosen = dict(ChatRoom.objects.values_list("owner_id", "system__key"))
    teams = [team for team in Team.objects.order_by("name") if may(user, "chat-rooms.edit", ChatRoom(owner=team))]
    return [(team, chosen.get(team.pk, "")) for team in teams]


def waiting(request: HttpRequest) -> HttpResponse:
    """A block for Today: what waits for one's own word."""
    return render(
        request, "campaigns/approvals_waiting.html", {"lines": reading.inbox(by=person(request), at=clock.now())}
    )


def depending(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """A block for what is about to be changed: the approvals that this makes stale."""
    return render(request, "campaigns/approvals_depending.html", {"requests": reading.depending_on(kind, key)})


def detail(request: HttpRequest, request_id: int) -> HttpResponse:
    """Difference, risk, checks, what was said, and the verbs."""
    asked = _found(request_id)
    return render(request, "campaigns/approval.html", _context(request, asked))


@require_POST
def decide(request: HttpRequest, request_id: int) -> HttpResponse:
    """Approve sections, ask for changes, or refuse."""
    asked, user = _found(request_id), person(request)
    sent = request.POST
    try:
        decided = verdicts.decide(
            request=asked,
            verdict=sent.get("verdict", ""),
            by=user,
            at=clock.now(),
            sections=sent.getlist("section"),
            comment=sent.get("comment", ""),
            step=sent.get("step", "")[:120],
            on_behalf_of=_giver(sent.get("for", "")),
        )
    except ValidationError as error:
        wrong = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        context = _context(request, asked) | {"wrong": wrong, "said": sent, "about": sent.getlist("section")}
        return render(request, "campaigns/approval.html", context, status=422)
    said = "Your word is kept; others are still asked." if decided.state == "open" else _SAID[decided.state]
    messages.success(request, said)
    return redirect("approval", request_id=request_id)


_SAID = {
    "approved": "Approved: it can go live as it is now.",
    "changes": "Sent back with what you wrote. It can be edited again.",
    "refused": "Refused. It can be edited again.",
}


@require_POST
def withdraw(request: HttpRequest, request_id: int) -> HttpResponse:
    """Take the question back."""
    asked = _found(request_id)
    verdicts.withdraw(request=asked, by=person(request), at=clock.now(), because=request.POST.get("because", ""))
    messages.success(request, "Taken back: it can be edited again.")
    return redirect("approval", request_id=request_id)


def go_live(request: HttpRequest, request_id: int) -> HttpResponse:
    """Take what is approved live, at the digest that was approved, once it was said where people on their way go."""
    asked, user = _found(request_id), person(request)
    if asked.release is None:
        raise Http404
    check_may(user, "rollouts.start", asked.release.workflow)
    version, said = asked.release.version, request.POST if request.method == "POST" else request.GET
    live = version.workflow.activations.filter(until=None).select_related("version__workflow").first()
    chosen = in_flight.choice(said, old=live.version, new=version) if live and live.version != version else None
    if request.method != "POST":
        return render(request, "campaigns/go_live.html", {"asked": asked, "version": version, "chosen": chosen})
    wanted = InFlight(chosen.policy or "pin", chosen.steps, said.get("seen", "")) if chosen else rollouts.FINISH
    try:
        rollouts.switch_over(version=version, by=user, at=clock.now(), note=asked.note, in_flight=wanted)
    except rollouts.CannotActivate as error:
        messages.error(request, f"{error}.")
    else:
        messages.success(request, f"{asked.label} is live.")
    return redirect("approval", request_id=request_id)


def ask(request: HttpRequest, version_id: int) -> HttpResponse:
    """Ask for a frozen version, after it was said what that takes."""
    version, user = _version(version_id), person(request)
    check_may(user, "workflows.edit", version.workflow)
    form = AskForm(request.POST if request.method == "POST" else None, initial={"note": version.note})
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.ask_for_version(version=version, by=user, at=clock.now(), **form.cleaned_data)
        except (releases.CannotRelease, actions.CannotAsk) as error:
            form.add_error(None, str(error))
        else:
            return redirect("approval", request_id=made.pk)
    context = {"version": version, "workflow": version.workflow, "form": form}
    return render(request, "campaigns/approval_ask.html", context, status=422 if request.method == "POST" else 200)


def emergency(request: HttpRequest, version_id: int) -> HttpResponse:
    """Take a version live without its approvals: with a reason that everybody is told."""
    version, user = _version(version_id), person(request)
    check_may(user, "approvals.break-glass")
    form = BreakGlassForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            break_glass.take_live(version=version, by=user, at=clock.now(), **form.cleaned_data)
        except ValidationError as error:
            form.add_error("reason", error.messages)
        except rollouts.CannotActivate as error:
            form.add_error(None, f"{error}.")
        else:
            messages.success(request, f"{version} is live. Every team was told why.")
            return redirect("workflow-versions", key=version.workflow.key)
    is_live = version.activations.filter(until=None).exists()
    label = f"Take version {version.number} live now"
    context = {
        "version": version,
        "workflow": version.workflow,
        "form": form,
        "is_live": is_live,
        "label": label,
        **_told(),
    }
    return render(request, "campaigns/break_glass.html", context, status=422 if request.method == "POST" else 200)


def _told() -> dict[str, Any]:
    return {"told": Team.objects.order_by("name"), "rooms": set(ChatRoom.objects.values_list("owner_id", flat=True))}


@require_POST
def room(request: HttpRequest) -> HttpResponse:
    """Let notices to one's team be posted in a chat, too, or in none any more."""
    sent = request.POST
    team = get_object_or_404(Team, key=sent.get("team", ""))
    system = get_object_or_404(System, key=sent["system"]) if sent.get("system") else None
    try:
        chat_rooms.choose(team=team, system=system, by=person(request), at=clock.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        where = f"are posted in {system.name}, too" if system else "are posted in no chat"
        messages.success(request, f"Notices to {team.name} {where}.")
    return redirect("approvals")


@require_POST
def own_chat(request: HttpRequest) -> HttpResponse:
    """Let what is written to oneself be posted in a chat, too, or in none any more."""
    form = OwnChatForm(request.POST)
    if form.is_valid():
        try:
            chat_rooms.choose_own(by=person(request), at=clock.now(), **form.cleaned_data)
        except ValidationError as error:
            for name, says in error.message_dict.items():
                form.add_error(name, says)
        else:
            system = form.cleaned_data["system"]
            where = f"is posted in {system.name}, too" if system else "is posted in no chat"
            messages.success(request, f"What is written to you {where}.")
            return redirect("approvals")
    return _inbox(request, None, form)


@require_POST
def delegate(request: HttpRequest) -> HttpResponse:
    """Let somebody else answer for a time."""
    user, at = person(request), clock.now()
    check_may(user, "approvals.decide")
    form = DelegationForm(request.POST, giver=user)
    form.instance.giver, form.instance.since = user, at
    if form.is_valid():
        said = form.cleaned_data
        try:
            delegations.give(to=said["taker"], since=at, until=said["until"], reason=said["reason"], by=user, at=at)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, "They can answer in your place now.")
            return redirect("approvals")
    return _inbox(request, form)


@require_POST
def end_delegation(request: HttpRequest, delegation_id: int) -> HttpResponse:
    """Take it back."""
    row = get_object_or_404(Delegation, pk=delegation_id)
    delegations.end(delegation=row, by=person(request), at=clock.now())
    messages.success(request, "From now on only you answer.")
    return redirect("approvals")


def _found(request_id: int) -> ApprovalRequest:
    found = reading.found(request_id)
    if found is None:
        raise Http404(f"request {request_id}")
    return found


def _version(version_id: int) -> Version:
    return get_object_or_404(Version.objects.select_related("workflow__owner"), pk=version_id)


def _giver(username: str) -> User | None:
    return get_object_or_404(User, username=username) if username else None


def _context(request: HttpRequest, asked: ApprovalRequest) -> dict[str, Any]:
    user, at = person(request), clock.now()
    sections = reading.sections(asked, by=user, at=at)
    context: dict[str, Any] = {
        "asked": asked,
        "sections": sections,
        "checks": checklists.shown(asked.subject_kind, asked.subject_key, digest=asked.digest),
        "mine": [section for section in sections if section.is_mine],
        "givers": standing.taken(by=user, at=at) if asked.state == "open" else [],
        "barred": user.pk in asked.barred,
        "may_withdraw": asked.state in ("open", "approved") and asked.requested_by_id == user.pk,
        "last": reading.before(asked),
        "piece": ContentItem.objects.filter(key=asked.subject_key).first() if asked.subject_kind == "content" else None,
    }
    if asked.release is not None:
        version = asked.release.version
        old = context["last"].release.version if context["last"] and context["last"].release else version.parent
        context |= {
            "version": version,
            "old": old,
            "difference": compare(old.content if old else {}, version.content),
            "uses": changed_uses.between(version.content, old=_since(context["last"], old), new=asked.requested_at),
            "steps": [
                (step.get("key", ""), step.get("name") or step.get("key", "")) for step in version.content["steps"]
            ],
            "threads": comments.elsewhere(version.workflow, []),
            "may_start": asked.state == "approved" and may(user, "rollouts.start", version.workflow),
            "may_break_glass": asked.state in ("open", "stale") and may(user, "approvals.break-glass"),
            "is_live": version.activations.filter(until=None).exists(),
            "broken": BreakGlass.objects.filter(release__version=version).select_related("by"),
        }
    return context


def _since(last: ApprovalRequest | None, old: Version | None) -> datetime | None:
    """When what it is compared with was as it was agreed to."""
    if last is not None:
        return last.requested_at
    return old.frozen_at if old else None
