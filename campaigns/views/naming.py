"""What a naming convention is asked to cover, as a part of its page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from campaigns.queries import naming_changes
from martechops.lib import clock
from workflows.models import NamingConvention


def change(request: HttpRequest, row_id: int) -> HttpResponse:
    """Names in use that do not follow it, and until when the former one is read."""
    row = get_object_or_404(NamingConvention, pk=row_id)
    return render(request, "campaigns/naming_change.html", {"change": naming_changes.of(row, at=clock.now())})
