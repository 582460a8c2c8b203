"""What people say about a step: said, answered, resolved. The answer is the step's comments anew, or its page."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from martechops.lib import clock, windows
from martechops.people.visitors import person
from workflows.actions import comments
from workflows.models import StepComment
from workflows.queries import comments as said

from .editor import is_part, workflow_of


@require_POST
def write(request: HttpRequest, key: str, step: str) -> HttpResponse:
    """Say something, answer a thread, resolve it or open it again."""
    workflow, user = workflow_of(key), person(request)
    thread = None
    if number := windows.row_id(request.POST.get("thread", "")):
        thread = StepComment.objects.filter(pk=number, workflow=workflow, step=step, thread=None).first()
        if thread is None:
            raise Http404
    do = request.POST.get("do", "add")
    text = request.POST.get("text", "")
    problem = ""
    try:
        if text.strip() or do == "add":
            comments.add(workflow=workflow, step=step, text=text, by=user, at=clock.now(), thread=thread)
        if thread and do in ("resolve", "reopen"):
            comments.resolve(comment=thread, by=user, at=clock.now(), resolved=do == "resolve")
    except ValidationError as error:
        problem = " ".join(error.messages)
    if is_part(request):
        context = {"workflow": workflow, "step_key": step, "threads": said.threads(workflow, step), "problem": problem}
        return render(request, "workflows/comments.html", context, status=422 if problem else 200)
    if problem:
        messages.error(request, problem)
    back = "workflow-edit" if request.POST.get("back") == "edit" else "workflow"
    return redirect(f"{reverse(back, args=[key])}?step={step}#comments")
