"""What an archived campaign came to: the numbers as they were kept, counted once more, and all of it as a file."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from campaigns.models import CampaignArchive
from reporting import archive_exports
from reporting.metrics import Period
from reporting.models import ArchivedNumbers
from reporting.queries import archived
from reporting.queries.metrics import Defined
from reporting.views import charts
from reporting.views.figures import words


@dataclass(frozen=True, slots=True)
class Kept:
    """One metric as it was kept."""

    metric: Defined
    value: str
    spark: str
    channels: tuple[tuple[str, str], ...]


def numbers(request: HttpRequest, key: str) -> HttpResponse:
    """The numbers, and with `?again=yes` what they come to by the same definitions from what there is today."""
    kept = archived.found(key)
    if kept is None:
        archive = CampaignArchive.objects.filter(campaign__key=key).select_related("campaign").first()
        if archive is None:
            raise Http404(f"no archive of {key}")
        return render(request, "reporting/archived_numbers.html", {"campaign": archive.campaign})
    again = archived.reproduce(kept) if request.GET.get("again") == "yes" else None
    context: dict[str, Any] = {
        "campaign": kept.archive.campaign,
        "kept": kept,
        "lines": _lines(kept),
        "counted": list(kept.counted.defer("rows")),
        "again": again,
        "differences": [
            (one, words(one.kept, one.metric.unit), words(one.now, one.metric.unit)) for one in again.differences
        ]
        if again
        else [],
    }
    return render(request, "reporting/archived_numbers.html", context)


def file(request: HttpRequest, key: str) -> HttpResponse:
    """Facts, definitions, numbers and a manifest in one zip."""
    del request
    kept = archived.found(key)
    if kept is None:
        raise Http404(f"no numbers of {key} are kept")
    answer = HttpResponse(archive_exports.packed(kept), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{archive_exports.file_name(kept)}"'
    return answer


def _lines(kept: ArchivedNumbers) -> list[Kept]:
    content, known = kept.content, archived.catalog_of(kept.content)
    values = archived.kept_numbers(content)
    period = Period(date.fromisoformat(content["since"]), date.fromisoformat(content["until"]))
    spans = list(period.buckets(archived.grain_of(period)))
    made = []
    for key, metric in sorted(known.metrics.items(), key=lambda one: one[1].name):
        if (key, "", "") not in values:
            continue
        series = [(at, values.get((key, str(at), ""))) for at in spans]
        channels = [
            ("No channel named" if channel == archived.NO_CHANNEL else channel, words(value, metric.unit))
            for (one, span, channel), value in values.items()
            if one == key and not span and channel
        ]
        spark = charts.spark(series, label=f"{metric.name}, by {archived.grain_of(period)}")
        made.append(Kept(metric, words(values[key, "", ""], metric.unit), spark, tuple(channels)))
    return made
