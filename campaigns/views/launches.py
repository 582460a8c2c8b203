"""New campaign, on one page: choose a playbook, say what differs, see what will be made, make it."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_POST

from campaigns import naming, pattern
from campaigns.actions import playbooks
from campaigns.forms.launch import LaunchForm
from campaigns.models import PlaybookVersion
from campaigns.pattern import BadValues
from campaigns.queries import conventions, launch_plans
from campaigns.queries import playbooks as reading
from campaigns.queries.launch_plans import LaunchPlan
from martechops.lib import clock
from martechops.people.models import Team
from martechops.people.permissions import NotAllowed
from martechops.people.visitors import person
from workflows.engine.naming import PartCheck
from workflows.engine.parse import parse
from workflows.queries import names
from workflows.views.map_drawing import draw
from workflows.views.map_layout import COMPACT
from workflows.views.map_steps import Names, map_edges, map_steps


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be made as the form stands."""

    plan: LaunchPlan | None = None
    #: Labels of parameters that are still to be said.
    missing: tuple[str, ...] = ()
    naming: tuple[PartCheck, ...] = ()
    #: An address of the launch as people will be sent it.
    tagged: str = ""
    #: Name of each workflow and its picture.
    maps: tuple[tuple[str, SafeString], ...] = ()


def new(request: HttpRequest) -> HttpResponse:
    """The page; a POST makes the campaign."""
    version = _chosen(request)
    user = person(request)
    if request.method != "POST" or version is None:
        form = LaunchForm(pattern.read(version.content), user=user) if version else None
        return _page(request, version, form)
    form = LaunchForm(pattern.read(version.content), request.POST, user=user)
    if not form.is_valid():
        return _page(request, version, form, status=422)
    try:
        owner = form.cleaned_data["owner"]
        made = playbooks.instantiate(version=version, said=form.said(), owner=owner, by=user, at=clock.now())
    except BadValues as error:
        for name, says in error.problems.items():
            form.add_error(name, says)
    except playbooks.CannotMake as error:
        for says in error.problems:
            form.add_error(None, says)
    except NotAllowed as error:
        form.add_error(None, str(error))
    else:
        messages.success(request, f"{made.campaign.name} is made, with all that belongs to it.")
        return redirect("campaign", key=made.campaign.key)
    return _page(request, version, form, status=422)


@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """What would be made, while somebody fills the form in."""
    version = _chosen(request)
    if version is None:
        raise Http404("no playbook")
    form = LaunchForm(pattern.read(version.content), request.POST, user=person(request))
    return render(request, "campaigns/launch_preview.html", {"preview": _preview(version, form)})


def _page(
    request: HttpRequest, version: PlaybookVersion | None, form: LaunchForm | None, *, status: int = 200
) -> HttpResponse:
    context = {
        "choices": reading.newest_versions(),
        "version": version,
        "form": form,
        "preview": _preview(version, form) if version and form else None,
    }
    return render(request, "campaigns/new.html", context, status=status)


def _chosen(request: HttpRequest) -> PlaybookVersion | None:
    """The newest version of the playbook that the address names; None for no name. Raises Http404."""
    key = request.GET.get("playbook", "")
    found = reading.newest(key) if key else None
    if key and found is None:
        raise Http404(f"playbook {key}")
    return found


def _preview(version: PlaybookVersion, form: LaunchForm) -> Preview:
    """Never refuses: what is not said yet, or does not fit, is named."""
    own = form.fields["owner"].queryset  # type: ignore[attr-defined]
    owner = (
        own.filter(pk=form.data.get("owner")).first() if str(form.data.get("owner", "")).isdecimal() else own.first()
    )
    try:
        plan = launch_plans.plan(
            version=version, said=form.said() if form.is_bound else {}, owner=owner or Team(key=""), at=clock.now()
        )
    except BadValues as error:
        labels = {one.key: one.label for one in form.pattern.parameters}
        return Preview(missing=tuple(labels.get(name, name) for name in error.problems))
    convention = conventions.in_force("campaign")
    return Preview(
        plan=plan,
        naming=convention.explain(plan.name) if convention and plan.name else (),
        tagged=_an_address(plan),
        maps=tuple(_maps(plan)),
    )


def _an_address(plan: LaunchPlan) -> str:
    texts = [str(template["body"]) for template in plan.made("template")]
    return next((address for text in texts for address in naming.addresses(text)), "")


def _maps(plan: LaunchPlan) -> list[tuple[str, SafeString]]:
    known = Names(teams=names.of_teams(), systems=names.of_systems())
    drawn = []
    for document in plan.made("workflow"):
        spec = parse(document)
        svg = draw(map_steps(spec, names=known), map_edges(spec), label=f"Map of {spec.name}", geometry=COMPACT)
        drawn.append((spec.name, mark_safe(svg)))  # noqa: S308  (every word in it was escaped where it was put in)
    return drawn
