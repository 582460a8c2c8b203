"""Where events come from: who may send, how that is verified, and how it is read."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import slugify

from martechops.lib import clock
from martechops.people.permissions import may
from martechops.people.visitors import person
from workflows.actions import sources
from workflows.forms.source import SourceForm
from workflows.models import Source
from workflows.queries import sources as reading


def listing(request: HttpRequest) -> HttpResponse:
    """All sources with what came from each; a POST makes one."""
    if request.method == "POST":
        return _make(request)
    context = {"lines": reading.with_traffic(at=clock.now()), "may_manage": may(request.user, "sources.manage")}
    return render(request, "workflows/source_list.html", context)


def _make(request: HttpRequest) -> HttpResponse:
    name = request.POST.get("name", "").strip()
    key = slugify(name)[:50]
    if not key or len(name) > 80:
        messages.error(request, "The name must have a letter or digit and at most 80 characters.")
        return redirect("sources")
    try:
        source = sources.create(key=key, name=name, by=person(request), at=clock.now())
    except IntegrityError:
        messages.error(request, f"There is a source {key} already.")
        return redirect("sources")
    messages.success(request, f"{source.name} may send now. Give it a mapping so that its events fill in contacts.")
    return redirect("source", key=source.key)


def detail(request: HttpRequest, key: str) -> HttpResponse:
    """One source: its addresses and keys, and how it is read; a POST changes it or its secrets."""
    source = get_object_or_404(Source.objects.select_related("system", "mapping"), key=key)
    may_manage = may(request.user, "sources.manage")
    form = SourceForm(request.POST if request.POST.get("do") == "change" else None, source=source)
    fresh_secret = ""
    if request.method == "POST":
        try:
            fresh_secret = _change(request, source, form)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            if not fresh_secret and form.is_valid() | (not form.is_bound):
                return redirect("source", key=key)
    source.refresh_from_db()
    context = {
        "source": source,
        "form": form,
        "may_manage": may_manage,
        "fresh_secret": fresh_secret,
        "secrets": len(sources.secrets_of(source)),
        "address": request.build_absolute_uri(f"/ingest/{source.key}/"),
        "sdk_address": request.build_absolute_uri("/v1/batch"),
    }
    return render(request, "workflows/source_detail.html", context)


def _change(request: HttpRequest, source: Source, form: SourceForm) -> str:
    """Do what the page asked for; a new secret is returned, to be shown this once."""
    by, at = person(request), clock.now()
    match request.POST.get("do"):
        case "change":
            if form.is_valid():
                sources.change(source, by=by, at=at, **form.values())
                messages.success(request, "Saved.")
        case "add-secret":
            return sources.add_secret(source, by=by, at=at, secret=request.POST.get("secret", ""))
        case "end-former":
            sources.end_former_secret(source, by=by, at=at)
            messages.success(request, "Only the newest secret counts now.")
        case "renew-key":
            sources.renew_write_key(source, by=by, at=at)
            messages.success(request, "The old write key opens nothing any more.")
    return ""
