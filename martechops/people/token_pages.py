"""API tokens in the browser: one's own, and for an admin everybody's. A new one is shown once, on the answer itself."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from martechops.lib import clock, windows
from martechops.people import scopes
from martechops.people.actions import tokens
from martechops.people.models import ApiToken, User
from martechops.people.permissions import NotAllowed, may
from martechops.people.visitors import person

LIFETIMES = (("30", "30 days"), ("90", "90 days"), ("365", "a year"))


class TokenForm(forms.Form):
    """What uses the token, what it may do, and for how long."""

    name = forms.CharField(
        max_length=80, label="What uses it", help_text="Two of one name may be live, so that one can take over."
    )
    scopes = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, label="What it may do")
    days = forms.ChoiceField(choices=LIFETIMES, initial="90", label="Ends after")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        allowed = [scope for scope, action in scopes.SCOPES.items() if may(user, action)]
        self.fields["scopes"].choices = [(scope, scopes.words(scope)) for scope in allowed]  # type: ignore[attr-defined]


@never_cache
def listing(request: HttpRequest) -> HttpResponse:
    """The tokens; a POST makes, replaces or ends one, as its button `do` says."""
    user = person(request)
    form = TokenForm(user=user)
    made: tuple[ApiToken, str] | None = None
    if request.method == "POST":
        do, _, number = request.POST.get("do", "").partition(":")
        if do == "revoke":
            return _revoked(request, user, number)
        form = TokenForm(request.POST, user=user) if do == "create" else form
        made = _created(user, form) if do == "create" else _replaced(request, user, number)
    return _page(request, user, form, made)


def _created(user: User, form: TokenForm) -> tuple[ApiToken, str] | None:
    if not form.is_valid():
        return None
    at, wanted = clock.now(), form.cleaned_data
    expires_at = at + timedelta(days=int(wanted["days"]))
    try:
        return tokens.create(
            user=user, scopes=wanted["scopes"], by=user, at=at, name=wanted["name"].strip(), expires_at=expires_at
        )
    except (tokens.TooManyLive, tokens.UnknownScope) as error:
        form.add_error("name" if isinstance(error, tokens.TooManyLive) else "scopes", str(error))
        return None


def _replaced(request: HttpRequest, user: User, number: str) -> tuple[ApiToken, str] | None:
    """A second one that may do and lasts the same; the first stays until it is revoked."""
    old, at = _found(user, number), clock.now()
    try:
        return tokens.create(
            user=old.user,
            scopes=old.scopes,
            by=user,
            at=at,
            name=old.name,
            system=old.system,
            expires_at=at + (old.expires_at - old.created_at),
        )
    except (tokens.TooManyLive, tokens.UnknownScope, NotAllowed) as error:
        messages.error(request, f"Not replaced. {error}")
        return None


def _revoked(request: HttpRequest, user: User, number: str) -> HttpResponse:
    token = _found(user, number)
    tokens.revoke(token=token, by=user, at=clock.now())
    messages.success(request, f"Token {token.public_id} has ended. Whatever used it is refused from now on.")
    return redirect("tokens")


def _page(request: HttpRequest, user: User, form: TokenForm, made: tuple[ApiToken, str] | None) -> HttpResponse:
    at = clock.now()
    rows = ApiToken.objects.select_related("user").order_by("-created_at", "-pk")
    may_manage = may(user, "tokens.manage")
    if not may_manage:
        rows = rows.filter(user=user)
    lines = [(row, [scopes.words(scope) for scope in row.scopes], _state(row, at)) for row in rows[:200]]
    return render(
        request,
        "people/tokens.html",
        {
            "lines": lines,
            "form": form,
            "made": made[0] if made else None,
            "text": made[1] if made else "",
            "may_manage": may_manage,
        },
        status=422 if form.is_bound and form.errors else 200,
    )


def _state(row: ApiToken, at: Any) -> str:
    if row.revoked_at:
        return "revoked"
    return "live" if row.is_live(at=at) else "expired"


def _found(user: User, number: str) -> ApiToken:
    """One's own; an admin's is every one. Somebody else's is not found, as if it were not there."""
    key = windows.row_id(number)
    token = ApiToken.objects.select_related("user").filter(pk=key).first() if key else None
    if token is None or (token.user_id != user.pk and not may(user, "tokens.manage")):
        raise Http404(f"token {number}")
    return token
