"""Addresses of launches, visited politely: each host by one visitor, one after the other, no more often than asked for.

The network is never asked within a transaction; what came back is written afterwards.
"""

from dataclasses import asdict
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from django.db import connection
from django.db.models import F, Q, QuerySet

from campaigns.models import PageVisit
from campaigns.qa import pages
from martechops.lib import clock, http

#: What a landing page may weigh; its form is seldom at the very end.
MOST_BYTES = 1_000_000
_MOST_REDIRECTS = 5
_DEADLINE_SECONDS = 10.0
#: Visits of one turn.
_AT_ONCE = 20
_LOCK = 7311
_AGENT = {"User-Agent": "MartechOps link check", "Accept": "text/html,*/*;q=0.5"}


def keep(*, limit: int = _AT_ONCE) -> int:
    """Visit what is wanted and was not visited since; returns how many were. One worker at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, 0)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
    try:
        wanted = list(_wanted()[:limit])
        for row in wanted:
            _visit(row, at=clock.now())
        return len(wanted)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, 0)", [_LOCK])


def _wanted() -> QuerySet[PageVisit]:
    return PageVisit.objects.filter(Q(visited_at=None) | Q(visited_at__lt=F("wanted_at"))).order_by("wanted_at")


def _visit(row: PageVisit, *, at: datetime) -> None:
    row.status, row.final_url, row.problem, row.forms = None, "", "", []
    try:
        url, answer = _follow(row.url)
        row.status, row.final_url = answer.status, url
        if answer.status >= 400:
            row.problem = f"answered {answer.status}"
        elif "html" in answer.headers.get("content-type", "html"):
            row.forms = [asdict(form) for form in pages.forms(answer.body.decode(errors="replace"))]
    except (http.BadAddress, http.NotSent, http.NoAnswer, LedAstray) as error:
        row.problem = str(error)
    row.visited_at = max(at, row.wanted_at)
    row.save(update_fields=["status", "final_url", "problem", "forms", "visited_at"])


class LedAstray(Exception):
    """It leads on and on, or to what is no web address; the message says which."""


def _follow(url: str) -> tuple[str, http.Answer]:
    """Where it leads at last, each step checked as any outgoing request is."""
    seen = url
    for _ in range(_MOST_REDIRECTS + 1):
        answer = http.get(seen, headers=_AGENT, deadline_seconds=_DEADLINE_SECONDS, most_bytes=MOST_BYTES)
        place = answer.headers.get("location", "")
        if answer.status not in (301, 302, 303, 307, 308) or not place:
            return seen, answer
        seen = _onward(seen, place)
    raise LedAstray(f"it redirects more than {_MOST_REDIRECTS} times")


def _onward(seen: str, place: str) -> str:
    """
    >>> _onward("https://example.com/a/b", "../c")
    'https://example.com/c'
    """
    try:
        onward = urljoin(seen, place)
        is_web = urlsplit(onward).scheme in ("http", "https")
    except ValueError:  # a far side may say anything: http://[
        is_web = False
    if not is_web:
        raise LedAstray("it redirects to what is no web address")
    return onward
