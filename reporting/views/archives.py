"""What an archived campaign came to: the numbers as they were kept, counted once more, and all of it as a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from campaigns.models import CampaignArchive
from martechops.lib import clock
from martechops.people.visitors import person
from reporting import archive_exports
from reporting.actions import archived_numbers
from reporting.metrics import Period
from reporting.models import ArchivedNumbers
from reporting.queries import archived
from reporting.queries.archived import Difference, Place
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
    differences = again.differences if again else ()
    currencies = archived.kept_currencies(kept.content)
    context: dict[str, Any] = {
        "campaign": kept.archive.campaign,
        "kept": kept,
        "lines": _lines(kept),
        "counted": list(kept.counted.defer("rows")),
        "again": again,
        "differences": [(one, *_both(one, currencies)) for one in differences],
    }
    return render(request, "reporting/archived_numbers.html", context)


def file(request: HttpRequest, key: str) -> HttpResponse:
    """Facts, definitions, numbers and a manifest in one zip."""
    kept = archived.found(key)
    if kept is None:
        raise Http404(f"no numbers of {key} are kept")
    answer = HttpResponse(archive_exports.packed(kept), content_type="application/zip")
    archived_numbers.take_along(kept, by=person(request), at=clock.now())
    answer["Content-Disposition"] = f'attachment; filename="{archive_exports.file_name(kept)}"'
    return answer


def _both(one: Difference, currencies: Mapping[Place, str]) -> tuple[str, str]:
    """Kept, and now."""
    currency = currencies.get((one.metric.key, one.span, one.channel), "")
    return words(one.kept, one.metric.unit, currency), words(one.now, one.metric.unit, currency)


def _lines(kept: ArchivedNumbers) -> list[Kept]:
    content, known = kept.content, archived.catalog_of(kept.content)
    values, currencies = archived.kept_numbers(content), archived.kept_currencies(content)
    period = Period(date.fromisoformat(content["since"]), date.fromisoformat(content["until"]))
    spans = list(period.buckets(archived.grain_of(period)))

    def said(place: Place) -> str:
        return words(values[place], known.metrics[place[0]].unit, currencies.get(place, ""))

    made = []
    for key, metric in sorted(known.metrics.items(), key=lambda one: one[1].name):
        if (key, "", "") not in values:
            continue
        series = [(at, values.get((key, str(at), ""))) for at in spans]
        channels = [
            ("No channel named" if place[2] == archived.NO_CHANNEL else place[2], said(place))
            for place in values
            if place[0] == key and not place[1] and place[2]
        ]
        spark = charts.spark(series, label=f"{metric.name}, by {archived.grain_of(period)}")
        made.append(Kept(metric, said((key, "", "")), spark, tuple(channels)))
    return made
