"""The captured mailbox in the browser, as Mailpit shows one."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.clickjacking import xframe_options_sameorigin

from martechops.lib.tabs import Tab
from martechops.sandbox.models import MailboxMessage
from martechops.sandbox.queries import mailbox

#: A message is written by people outside: it gets no script, no request, no form, and no origin of its own (FAULTS S6).
_BODY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"

#: What a mail program would lay out a message with, where the message does not say.
_BODY_LOOKS = """<!doctype html><meta name="viewport" content="width=device-width"><style>
body { font: 15px/1.6 -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif; color: #1b1a18;
  margin: 24px; max-width: 42rem; overflow-wrap: anywhere } img { max-width: 100% }
</style>"""


def listing(request: HttpRequest) -> HttpResponse:
    """Messages, newest first; `key` leads to the message that one effect left."""
    if request.GET.get("key"):
        message = mailbox.by_key(request.GET["key"])
        if message:
            return redirect("mailbox-message", message_id=message.pk)
    search = request.GET.get("q", "").strip()
    window = mailbox.window(search=search, before=request.GET.get("before", ""))
    return render(request, "sandbox/mailbox_list.html", {"window": window, "search": search})


def detail(request: HttpRequest, message_id: int) -> HttpResponse:
    """One message: as it looks, as text, and its headers."""
    message = _found(message_id)
    views = {"html": "As it looks", "text": "Text", "headers": "Headers"}
    if not message.html:
        del views["html"]
    view = request.GET.get("view", "")
    view = view if view in views else next(iter(views))
    tabs = [Tab(label, f"?view={key}", current=key == view) for key, label in views.items()]
    return render(request, "sandbox/mailbox_message.html", {"message": message, "view": view, "tabs": tabs})


@xframe_options_sameorigin
def body(request: HttpRequest, message_id: int) -> HttpResponse:
    """The message's HTML alone, for the frame around it."""
    del request
    response = HttpResponse(_BODY_LOOKS + _found(message_id).html)
    response["Content-Security-Policy"] = _BODY_POLICY
    return response


def _found(message_id: int) -> MailboxMessage:
    message = mailbox.found(message_id)
    if message is None:
        raise Http404(f"message {message_id}")
    return message
