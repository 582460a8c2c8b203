"""The sandbox CRM in the browser: what a salesperson would see."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from martechops.lib.tabs import Tab
from martechops.sandbox.queries import crm


def listing(request: HttpRequest) -> HttpResponse:
    """Records, or with `view=tasks` the tasks."""
    search = request.GET.get("q", "").strip().replace("\x00", "")
    before = request.GET.get("before", "")
    is_tasks = request.GET.get("view") == "tasks"
    tabs = [
        Tab("Records", "?", current=not is_tasks),
        Tab("Tasks", "?view=tasks", current=is_tasks, count=crm.open_tasks()),
    ]
    if is_tasks:
        window = crm.tasks(search=search, before=before)
        return render(request, "sandbox/crm_tasks.html", {"window": window, "search": search, "tabs": tabs})
    records = crm.records(search=search, before=before)
    return render(request, "sandbox/crm_records.html", {"window": records, "search": search, "tabs": tabs})
