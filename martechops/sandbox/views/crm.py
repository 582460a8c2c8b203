"""The sandbox CRM in the browser: what a salesperson would see."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from martechops.lib import clock
from martechops.lib.tabs import Tab
from martechops.people.permissions import may
from martechops.people.visitors import person
from martechops.sandbox.crm import edit_record
from martechops.sandbox.forms import RecordForm
from martechops.sandbox.queries import crm


def listing(request: HttpRequest) -> HttpResponse:
    """Records, or with `view=tasks` the tasks."""
    search = request.GET.get("q", "").strip()
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


def detail(request: HttpRequest, record_id: int) -> HttpResponse:
    """One record, as a salesperson sees and changes it; a POST saves."""
    record = crm.found(record_id)
    if record is None:
        raise Http404(f"CRM record {record_id}")
    form = RecordForm(request.POST if request.method == "POST" else None, record=record)
    if form.is_bound and form.is_valid():
        by = person(request)
        edit_record(record_id=record_id, values=form.values, by=by.get_full_name() or by.get_username(), at=clock.now())
        messages.success(request, "Saved in the CRM. MartechOps hears of it when it next asks, within seconds.")
        return redirect("crm-record", record_id=record_id)
    return render(
        request,
        "sandbox/crm_record.html",
        {
            "record": record,
            "form": form,
            "may_edit": may(request.user, "crm.edit"),
            "changes": crm.changes_of(record),
            "tasks": crm.tasks_of(record),
        },
        status=400 if form.is_bound else 200,
    )
