"""Teams and who is in them, for everybody to see: whom to call. An admin changes it on the same page."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db import IntegrityError
from django.db.models import Prefetch, ProtectedError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from martechops.lib import clock
from martechops.people.actions import teams
from martechops.people.models import Role, Team, User
from martechops.people.permissions import may
from martechops.people.visitors import person


class TeamForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """What a team is called and answers for; its key stays once it is there, because workflow files name it."""

    class Meta:
        model = Team
        fields = ["name", "key", "duty"]
        labels = {"duty": "What it answers for"}
        widgets = {"duty": forms.TextInput}
        help_texts = {"key": "As workflow files name it, such as marketing-ops. It stays."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["key"]
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "off"


@dataclass(frozen=True, slots=True)
class Line:
    """One team, who is in it with their roles, who could be, and what it is called in a form."""

    team: Team
    people: list[tuple[User, list[str]]]
    others: list[User]
    form: TeamForm


def listing(request: HttpRequest) -> HttpResponse:
    """All teams; a POST does what its button `do` says, and shows the page again where that cannot be done."""
    refused = _done(request) if request.method == "POST" else None
    if request.method == "POST" and refused is None:
        return redirect("teams")
    everybody = list(User.objects.filter(is_active=True).order_by("first_name", "username"))
    rows = Team.objects.prefetch_related(Prefetch("people", User.objects.order_by("first_name", "username")))
    context = {
        "lines": [_line(team, everybody, refused) for team in rows],
        "new": refused if refused and not refused.instance.pk else TeamForm(auto_id="new_%s"),
        "in_none": [user for user in everybody if not any(user in team.people.all() for team in rows)],
        "may_manage": may(request.user, "teams.manage"),
    }
    return render(request, "people/teams.html", context, status=422 if refused else 200)


def _line(team: Team, everybody: list[User], refused: TeamForm | None) -> Line:
    people = list(team.people.all())
    is_refused = refused is not None and refused.instance.pk == team.pk
    form = refused if refused and is_refused else TeamForm(instance=team, auto_id=f"{team.key}_%s")
    return Line(team, [(user, _roles(user)) for user in people], [u for u in everybody if u not in people], form)


def _roles(user: User) -> list[str]:
    return [Role(role).label for role in user.roles if role in Role.values]


def _done(request: HttpRequest) -> TeamForm | None:
    """What the button says; the form with its problems where it could not be done."""
    do, _, rest = request.POST.get("do", "").partition(":")
    if do == "add":
        return _added(request)
    key, _, username = rest.partition(":")
    team, by, at = get_object_or_404(Team, key=key), person(request), clock.now()
    match do:
        case "change":
            return _changed(request, team)
        case "join":
            teams.join(team=team, user=_user(request.POST.get("person", "")), by=by, at=at)
        case "leave":
            teams.leave(team=team, user=_user(username), by=by, at=at)
        case "remove":
            _remove(request, team)
        case _:
            raise Http404(do)
    return None


def _user(username: str) -> User:
    return get_object_or_404(User, username=username)


def _added(request: HttpRequest) -> TeamForm | None:
    form = TeamForm(request.POST, auto_id="new_%s")
    if not form.is_valid():
        return form
    try:
        made = teams.add(**form.cleaned_data, by=person(request), at=clock.now())
    except IntegrityError:
        form.add_error("key", "Somebody has just made a team of this key or name.")
        return form
    messages.success(request, f"{made.name} is there. Put people into it, and say on Ownership what it may change.")
    return None


def _changed(request: HttpRequest, team: Team) -> TeamForm | None:
    form = TeamForm(request.POST, instance=team, auto_id=f"{team.key}_%s")
    if not form.is_valid():
        return form
    teams.change(team=team, **form.cleaned_data, by=person(request), at=clock.now())
    messages.success(request, f"{form.cleaned_data['name']} was changed.")
    return None


def _remove(request: HttpRequest, team: Team) -> None:
    try:
        teams.remove(team=team, by=person(request), at=clock.now())
    except ProtectedError as error:
        kinds = sorted({str(row._meta.verbose_name_plural) for row in error.protected_objects})
        messages.error(request, f"{team.name} stays: it owns {', '.join(kinds)}. Give them to another team first.")
    else:
        messages.success(request, f"{team.name} is gone.")
