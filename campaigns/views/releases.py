"""One release: what it pins, what it changes, whom it meets, and what stands against it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from campaigns.manifests import SECTIONS, Manifest
from campaigns.models import ApprovalRequest, Release
from campaigns.queries import approval_subjects, checklists, release_previews
from martechops.people.permissions import may
from workflows.engine.workflow_difference import compare
from workflows.lint.risk import reasons
from workflows.queries import changed_uses, specs


def detail(request: HttpRequest, release_id: int) -> HttpResponse:
    """Everything that somebody asks before it goes live, in numbers."""
    rows = Release.objects.select_related("workflow__owner", "version__workflow", "made_by")
    release = get_object_or_404(rows, pk=release_id)
    preview = release_previews.of(release)
    live, version = preview.live, release.version
    key = approval_subjects.key_of_release(release)
    context = {
        "release": release,
        "workflow": release.workflow,
        "version": version,
        "preview": preview,
        "is_live": live is not None and live.pk == version.pk,
        "difference": compare(live.content if live else {}, version.content),
        "uses": changed_uses.between(version.content, old=live.frozen_at if live else None, new=release.made_at),
        "pins": _pins(Manifest.read(release.manifest)),
        "reasons": reasons(specs.of(version).spec),
        "requests": ApprovalRequest.objects.filter(release=release).select_related("requested_by")[:10],
        "checks": checklists.shown("release", key, digest=release.digest),
        "subject_key": key,
        "may_ask": may(request.user, "workflows.edit", release.workflow),
        "may_replay": may(request.user, "replays.start"),
    }
    return render(request, "campaigns/release.html", context)


def _pins(manifest: Manifest) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """By section, in their order; only sections that hold something."""
    found = {
        section: [(pin.kind, pin.key, pin.digest) for pin in manifest.pins if pin.section == section]
        for section in SECTIONS
    }
    return [(section, pins) for section, pins in found.items() if pins]
