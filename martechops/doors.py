"""Every address of the product and who may come in by it: default deny (FAULTS S1).

An address that is not in `DOORS` is closed to everybody. The views behind these doors may ask for more (one's own team,
a scope, a state), never for less. A generated test walks every address with every role.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, get_resolver
from django_htmx.http import HttpResponseClientRedirect

from martechops.people.permissions import NotAllowed, check_may

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Key(StrEnum):
    """What opens a door."""

    NOTHING = "nothing"
    SESSION = "session"
    #: A bearer token, asked for by the REST interface itself.
    TOKEN = "token"  # noqa: S105 - the name of a kind of key
    #: A source's write key, asked for by the ingest edge itself.
    WRITE_KEY = "write key"


@dataclass(frozen=True, slots=True)
class Door:
    """What opens an address; for sessions also which action of the policy reading and writing it is."""

    key: Key
    read: str | None = None
    write: str | None = None

    def action(self, method: str) -> str | None:
        return self.read if method in _SAFE_METHODS else self.write


OPEN = Door(Key.NOTHING)
REST = Door(Key.TOKEN)
INGEST = Door(Key.WRITE_KEY)


def page(read: str | None = None, *, write: str | None = None) -> Door:
    """A page for people who are signed in."""
    return Door(Key.SESSION, read=read, write=write)


#: By route, with `<>` for each part that varies.
DOORS: Mapping[str, Door] = {
    "": page("today.view"),
    "workflows/": page("workflows.view"),
    "workflows/new/": page("workflows.edit", write="workflows.edit"),
    "workflows/<>/": page("workflows.view"),
    "conflicts/": page("workflows.view"),
    "docs/lint/": page("workflows.view"),
    "docs/lint/<>/": page("workflows.view"),
    "workflows/<>/draft/": page("workflows.edit", write="workflows.edit"),
    "workflows/<>/draft/freeze/": page("workflows.edit", write="workflows.edit"),
    "workflows/<>/draft/discard/": page("workflows.edit", write="workflows.edit"),
    "workflows/<>/draft/restore/": page("workflows.edit", write="workflows.edit"),
    "workflows/<>/edit/": page("workflows.edit", write="workflows.edit"),
    "workflows/<>/edit/rows/": page("workflows.edit", write="workflows.edit"),
    "workflows/<>/edit/preview/": page("workflows.view"),
    "workflows/<>/copy/": page("workflows.edit", write="workflows.edit"),
    "workflows/<>/file/": page("workflows.view"),
    "workflows/<>/versions/": page("workflows.view"),
    "workflows/<>/in-flight/": page("workflows.view", write="rollouts.start"),
    "workflows/<>/compare/": page("workflows.view"),
    "workflows/<>/test-bench/": page("workflows.view"),
    "workflows/<>/test-bench/results/": page("workflows.view"),
    "workflows/<>/test-bench/fuzz/": page("workflows.edit", write="workflows.edit"),
    "workflows/<>/test-bench/save/": page("definitions.edit", write="definitions.edit"),
    "workflows/<>/steps/<>/comments/": page("workflows.comment", write="workflows.comment"),
    "workflows/<>/replays/": page("workflows.view", write="replays.start"),
    "replays/<>/": page("runs.view", write="replays.start"),
    "releases/<>/": page("workflows.view"),
    "runs/": page("runs.view"),
    "runs/<>/": page("runs.view"),
    "contacts/": page("contacts.view"),
    "contacts/<>/": page("contacts.view"),
    "contacts/<>/scenario/": page("definitions.edit", write="definitions.edit"),
    "contacts/<>/fields/": page("contacts.write"),
    "contacts/<>/fields/<>/": page("contacts.write", write="contacts.write"),
    "events/": page("events.view"),
    "events/<>/": page("events.view"),
    "events/<>/replay/": page("events.replay", write="events.replay"),
    "events/<>/fix/": page("events.replay", write="events.replay"),
    "events/<>/dismiss/": page("events.replay", write="events.replay"),
    "queues/": page("handwork.view"),
    "queues/<>/attend/": page("definitions.edit", write="definitions.edit"),
    "retention/": page("retention.view"),
    "retention/<>/": page("retention.manage", write="retention.manage"),
    "events/quarantine/": page("events.view", write="events.replay"),
    "contacts/<>/why/": page("contacts.view"),
    "api/v1/contacts/<>/why-not": REST,
    "contacts/duplicates/": page("contacts.view", write="contacts.merge"),
    "contacts/<>/merge/": page("contacts.view", write="contacts.merge"),
    "contacts/merges/<>/undo/": page("contacts.merge", write="contacts.merge"),
    "imports/": page("contacts.view", write="contacts.import"),
    "imports/<>/": page("contacts.view", write="contacts.import"),
    "imports/<>/refused.csv": page("contacts.import"),
    "sources/": page("definitions.view", write="sources.manage"),
    "sources/<>/": page("definitions.view", write="sources.manage"),
    "segments/": page("definitions.view"),
    "segments/new/": page("definitions.edit", write="definitions.edit"),
    "segments/builder/": page("definitions.edit", write="definitions.edit"),
    "segments/preview/": page("definitions.edit", write="definitions.edit"),
    "segments/<>/": page("definitions.view"),
    "segments/<>/count/": page("definitions.view"),
    "segments/<>/edit/": page("definitions.edit", write="definitions.edit"),
    "segments/<>/status/": page("definitions.edit", write="definitions.edit"),
    "segments/<>/restore/": page("definitions.edit", write="definitions.edit"),
    "content/": page("content.view", write="content.edit"),
    "content/<>/": page("content.view", write="content.edit"),
    "content/<>/move/": page("content.edit", write="content.view"),
    "content/<>/restore/": page("content.edit", write="content.edit"),
    "checks/<>/<>/": page("checklists.view", write="checklists.run"),
    "checks/sign/<>/": page("checklists.sign", write="checklists.sign"),
    "approvals/": page("approvals.view"),
    "approvals/waiting/": page("approvals.view"),
    "approvals/depending/<>/<>/": page("approvals.view"),
    "approvals/chat/": page("approvals.view", write="chat-rooms.edit"),
    "approvals/chat/own/": page("approvals.view", write="approvals.view"),
    "approvals/delegate/": page("approvals.decide", write="approvals.decide"),
    "approvals/delegate/<>/end/": page("approvals.decide", write="approvals.decide"),
    "approvals/ask/<>/": page("workflows.edit", write="workflows.edit"),
    "approvals/emergency/<>/": page("approvals.break-glass", write="approvals.break-glass"),
    "approvals/<>/": page("approvals.view"),
    "approvals/<>/decide/": page("approvals.decide", write="approvals.decide"),
    "approvals/<>/withdraw/": page("approvals.view", write="approvals.view"),
    "approvals/<>/go-live/": page("rollouts.start", write="rollouts.start"),
    "rollouts/": page("rollouts.view"),
    "rollouts/running/": page("rollouts.view"),
    "rollouts/start/<>/": page("rollouts.start", write="rollouts.start"),
    "rollouts/<>/": page("rollouts.view"),
    "rollouts/<>/move/": page("rollouts.stop", write="rollouts.stop"),
    "campaigns/": page("campaigns.view"),
    "campaigns/new/": page("campaigns.edit", write="campaigns.edit"),
    "campaigns/new/preview/": page("campaigns.edit", write="campaigns.edit"),
    "campaigns/calendar/": page("campaigns.view"),
    "repairs/": page("rollouts.view"),
    "repairs/of/<>/": page("rollouts.stop", write="rollouts.stop"),
    "repairs/<>/": page("rollouts.view"),
    "repairs/<>/move/": page("rollouts.start", write="rollouts.start"),
    "repairs/<>/file/": page("contacts.view"),
    "names/<>/": page("definitions.view"),
    "links/": page("campaigns.view", write="campaigns.edit"),
    "campaigns/blank/": page("campaigns.edit", write="campaigns.edit"),
    "campaigns/<>/": page("campaigns.view"),
    "campaigns/<>/reach/": page("campaigns.view"),
    "playbooks/": page("playbooks.view"),
    "playbooks/new/": page("playbooks.edit", write="playbooks.edit"),
    "playbooks/<>/": page("playbooks.view"),
    "playbooks/<>/file/": page("playbooks.view"),
    "campaigns/<>/archive/": page("campaigns.view"),
    "campaigns/<>/archive/file/": page("campaigns.view"),
    "campaigns/<>/edit/": page("campaigns.edit", write="campaigns.edit"),
    "campaigns/<>/move/": page("campaigns.edit", write="campaigns.edit"),
    "handoffs/": page("handwork.view"),
    "handoffs/<>/<>/answer/": page("handwork.view", write="handwork.view"),
    "vocabulary/": page("definitions.view"),
    "vocabulary/ownership/": page("definitions.view", write="ownership.manage"),
    "vocabulary/requests/": page("definitions.view"),
    "vocabulary/requests/<>/decide/": page("change-requests.decide", write="change-requests.decide"),
    "vocabulary/<>/": page("definitions.view"),
    "vocabulary/<>/new/": page("definitions.edit", write="definitions.edit"),
    "vocabulary/<>/<>/": page("definitions.view"),
    "vocabulary/<>/<>/edit/": page("definitions.edit", write="definitions.edit"),
    "vocabulary/<>/<>/status/": page("definitions.edit", write="definitions.edit"),
    "vocabulary/notices/": page("definitions.view"),
    "vocabulary/notices/<>/seen/": page("notices.see", write="notices.see"),
    "vocabulary/<>/<>/rename/": page("definitions.edit", write="definitions.edit"),
    "vocabulary/<>/<>/restore/": page("definitions.edit", write="definitions.edit"),
    "vocabulary/event-type/unclear/": page("definitions.view"),
    "vocabulary/event-type/plan/": page("definitions.view", write="definitions.edit"),
    "vocabulary/template/<>/body/": page("definitions.view"),
    "vocabulary/<>/<>/try/": page("definitions.view"),
    "connections/": page("connections.view"),
    "connections/outbound/": page("outbound.stop", write="outbound.stop"),
    "connections/<>/": page("connections.view", write="connections.manage"),
    "connections/<>/switch/": page("systems.pause", write="systems.pause"),
    "connections/<>/ask/": page("systems.pause", write="systems.pause"),
    "effects/": page("effects.view"),
    "effects/resolve/": page("effects.resolve", write="effects.resolve"),
    "effects/<>/": page("effects.view"),
    "u/<>/": OPEN,
    "l/<>": OPEN,
    "workspace/": page("workspace.view"),
    "workspace/export/": page("workspace.view"),
    "workspace/plan/": page("workspace.view", write="workspace.view"),
    "workspace/apply/": page("workspace.apply", write="workspace.apply"),
    "schemas/<>.json": OPEN,
    "mailbox/": page("mailbox.view"),
    "mailbox/<>/": page("mailbox.view"),
    "mailbox/<>/body/": page("mailbox.view"),
    "crm/": page("crm.view"),
    "crm/<>/": page("crm.view", write="crm.edit"),
    "results/": page("results.view"),
    "results/pipeline/": page("results.view"),
    "results/workflows/": page("results.view"),
    "results/teams/": page("results.view"),
    "results/contacts/": page("contacts.view"),
    "results/<>/numbers.<>": page("results.view"),
    "results/<>/numbers.sql": page("results.view"),
    "results/<>/board.pdf": page("results.view"),
    "results/<>/trend.<>": page("results.view"),
    "results/<>/sql/": page("results.view"),
    "results/contributions/": page("results.view"),
    "results/contributions/contacts/": page("contacts.view"),
    "results/attribution/": page("results.view"),
    "campaigns/<>/archive/numbers/": page("results.view"),
    "campaigns/<>/archive/numbers/file/": page("contacts.view"),
    "api/v1/archived-numbers": REST,
    "api/v1/archived-numbers/<>": REST,
    "api/v1/archived-numbers/<>/reproduction": REST,
    "reports/": page("results.view"),
    "reports/<>/": page("results.view"),
    "reports/<>/file/": page("results.view"),
    "health/": page("results.view"),
    "api/v1/reports": REST,
    "api/v1/reports/<>": REST,
    "workflows/<>/health/": page("results.view"),
    "workflows/<>/criteria/": page("workflows.view"),
    "api/v1/criteria": REST,
    "api/v1/health": REST,
    "api/v1/health/steps": REST,
    "components/": page("components.view"),
    "teams/": page("teams.view", write="teams.manage"),
    "tokens/": page("tokens.own", write="tokens.own"),
    "login/": OPEN,
    "logout/": OPEN,
    "healthz": OPEN,
    "readyz": OPEN,
    "metrics": OPEN,
    "api/schema/": OPEN,
    "api/docs/": OPEN,
    "api/v1/contacts": REST,
    "api/v1/contacts/<>": REST,
    "api/v1/contacts/<>/timeline": REST,
    "api/v1/events": REST,
    "api/v1/events/<>": REST,
    "api/v1/content": REST,
    "api/v1/content/<>": REST,
    "api/v1/content/<>/move": REST,
    "api/v1/content/<>/restore": REST,
    "api/v1/links": REST,
    "api/v1/links/tag": REST,
    "api/v1/links/shorten": REST,
    "api/v1/links/visit": REST,
    "api/v1/content/<>/revisions": REST,
    "api/v1/repairs": REST,
    "api/v1/repairs/<>": REST,
    "api/v1/repairs/<>/items": REST,
    "api/v1/repairs/<>/confirm": REST,
    "api/v1/repairs/<>/dismiss": REST,
    "api/v1/playbooks": REST,
    "api/v1/playbooks/<>": REST,
    "api/v1/playbooks/<>/preview": REST,
    "api/v1/playbooks/<>/launch": REST,
    "api/v1/approvals": REST,
    "api/v1/approvals/<>": REST,
    "api/v1/approvals/<>/decide": REST,
    "api/v1/approvals/<>/withdraw": REST,
    "api/v1/releases": REST,
    "api/v1/releases/<>": REST,
    "api/v1/rollouts": REST,
    "api/v1/rollouts/<>": REST,
    "api/v1/rollouts/<>/move": REST,
    "api/v1/releases/<>/preview": REST,
    "api/v1/campaigns": REST,
    "api/v1/campaigns/<>": REST,
    "api/v1/campaigns/<>/move": REST,
    "api/v1/handoffs": REST,
    "api/v1/handoffs/<>": REST,
    "api/v1/imports": REST,
    "api/v1/imports/<>": REST,
    "api/v1/imports/<>/choose": REST,
    "api/v1/imports/<>/start": REST,
    "api/v1/imports/<>/cancel": REST,
    "api/v1/imports/<>/preview": REST,
    "api/v1/imports/<>/refused": REST,
    "api/v1/handoffs/<>/accept": REST,
    "api/v1/handoffs/<>/decline": REST,
    "api/v1/handoffs/<>/done": REST,
    "api/v1/replays": REST,
    "api/v1/replays/<>": REST,
    "api/v1/replays/<>/cancel": REST,
    "api/v1/replays/<>/findings": REST,
    "api/v1/replays/<>/forecast": REST,
    "api/v1/runs": REST,
    "api/v1/runs/<>": REST,
    "api/v1/effects": REST,
    "api/v1/effects/<>": REST,
    "api/v1/effects/<>/resolve": REST,
    "api/v1/contacts/<>/inbox": REST,
    "api/v1/connections": REST,
    "api/v1/connections/<>": REST,
    "api/v1/connections/<>/pause": REST,
    "api/v1/connections/<>/resume": REST,
    "api/v1/connections/<>/ask": REST,
    "api/v1/workflows": REST,
    "api/v1/workflows/<>": REST,
    "api/v1/versions": REST,
    "api/v1/versions/<>": REST,
    "api/v1/versions/<>/freeze": REST,
    "api/v1/versions/<>/restore": REST,
    "api/v1/versions/<>/difference": REST,
    "api/v1/segments": REST,
    "api/v1/segments/<>": REST,
    "api/v1/segments/<>/count": REST,
    "api/v1/systems": REST,
    "api/v1/systems/<>": REST,
    "api/v1/fields": REST,
    "api/v1/fields/<>": REST,
    "api/v1/stages": REST,
    "api/v1/stages/<>": REST,
    "api/v1/teams": REST,
    "api/v1/teams/<>": REST,
    "api/v1/systems/<>/versions": REST,
    "api/v1/systems/<>/uses": REST,
    "api/v1/fields/<>/versions": REST,
    "api/v1/fields/<>/uses": REST,
    "api/v1/stages/<>/versions": REST,
    "api/v1/stages/<>/uses": REST,
    "api/v1/event-types/<>/versions": REST,
    "api/v1/event-types/<>/uses": REST,
    "api/v1/mappings/<>/versions": REST,
    "api/v1/mappings/<>/uses": REST,
    "api/v1/templates/<>/versions": REST,
    "api/v1/templates/<>/uses": REST,
    "api/v1/blocks": REST,
    "api/v1/blocks/<>": REST,
    "api/v1/blocks/<>/versions": REST,
    "api/v1/blocks/<>/uses": REST,
    "api/v1/scenarios": REST,
    "api/v1/scenarios/<>": REST,
    "api/v1/scenarios/<>/versions": REST,
    "api/v1/scenarios/<>/uses": REST,
    "api/v1/scenarios/results": REST,
    "api/v1/conventions/<>/versions": REST,
    "api/v1/conventions/<>/uses": REST,
    "api/v1/event-types": REST,
    "api/v1/event-types/<>": REST,
    "api/v1/event-types/unclear": REST,
    "api/v1/event-types/tracking-plan": REST,
    "api/v1/mappings": REST,
    "api/v1/mappings/<>": REST,
    "api/v1/templates": REST,
    "api/v1/templates/<>": REST,
    "api/v1/conventions": REST,
    "api/v1/conventions/<>": REST,
    "api/v1/metrics": REST,
    "api/v1/metrics/<>": REST,
    "api/v1/metrics/<>/versions": REST,
    "api/v1/metrics/<>/uses": REST,
    "api/v1/metrics/query": REST,
    "api/v1/scoring": REST,
    "api/v1/scoring/<>": REST,
    "api/v1/scoring/<>/versions": REST,
    "api/v1/scoring/<>/uses": REST,
    "api/v1/segments/<>/versions": REST,
    "api/v1/segments/<>/uses": REST,
    "api/v1/lint": REST,
    "api/v1/workflows/<>/lint": REST,
    "api/v1/workflows/<>/readiness": REST,
    "api/v1/versions/<>/in-flight": REST,
    "api/v1/workspace/export": REST,
    "api/v1/workspace/plan": REST,
    "api/v1/workspace/apply": REST,
    "api/v1/<>": REST,
    "v1/batch": INGEST,
    "v1/track": INGEST,
    "v1/identify": INGEST,
    "v1/page": INGEST,
    "v1/screen": INGEST,
    "v1/group": INGEST,
    "v1/alias": INGEST,
    "v1/t": INGEST,
    "v1/i": INGEST,
    "v1/p": INGEST,
    "v1/s": INGEST,
    "v1/g": INGEST,
    "v1/a": INGEST,
    "ingest/<>/": INGEST,
}

#: The admin's addresses are Django's; what may be done to which model it asks `people.backends`.
_ADMIN = "admin/"
_ADMIN_DOOR = page("admin.view", write="admin.view")


def door_of(route: str) -> Door | None:
    """The door of a route as the resolver spells it; None if it has none and stays closed."""
    if route.startswith(_ADMIN):
        return _ADMIN_DOOR
    return DOORS.get(re.sub(r"<[^>]*>", "<>", route))


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    """Every route of the product, as the resolver spells it."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from routes(pattern, route)


class DoorMiddleware:
    """Lets nobody through to a view whose door does not open for them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """None to go on; a way to sign in for a stranger; NotAllowed for the wrong person or a closed address."""
        del view, args, kwargs
        match = request.resolver_match
        door = door_of(match.route) if match else None
        if door is None:
            raise NotAllowed("This address has no entry in martechops.doors, so it is closed.")
        if door.key is not Key.SESSION:
            return None
        if _holds_nul(request):
            raise BadRequest("PostgreSQL holds no NUL, so nothing can be found by one.")
        if not request.user.is_authenticated:
            return _way_in(request)
        action = door.action(request.method or "GET")
        if action is None:
            raise NotAllowed("Nothing can be changed at this address.")
        check_may(request.user, action)
        return None


def _holds_nul(request: HttpRequest) -> bool:
    said = (value for values in (request.GET, request.POST) for _, texts in values.lists() for value in texts)
    return "\0" in request.path or any("\0" in value for value in said)


def _way_in(request: HttpRequest) -> HttpResponse:
    if getattr(request, "htmx", False):  # a part of a page: the whole page has to go and sign in
        return HttpResponseClientRedirect(settings.LOGIN_URL)
    return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
