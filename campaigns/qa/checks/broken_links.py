"""LNK: every link leads somewhere."""

from collections.abc import Iterator
from datetime import timedelta

from campaigns import naming
from campaigns.qa.check import BAD, GOOD, UNSURE, Check, Seen
from campaigns.qa.launch import Launch, Link, Visit

#: An answer that is older says little.
FRESH = timedelta(days=1)


def look(launch: Launch) -> Iterator[Seen]:
    """Each address once, by what it last answered."""
    seen: set[str] = set()
    for link in launch.links:
        if link.url not in seen and naming.is_fixed(link.url):
            seen.add(link.url)
            yield _seen(link, launch.visits.get(link.url), launch)


def _seen(link: Link, visit: Visit | None, launch: Launch) -> Seen:
    what = f"link {link.url} in {link.place}"
    if visit is None or visit.at < launch.at - FRESH:
        return Seen(what, UNSURE, "it was not visited in the last day", "Run the checks again in a minute", link.at)
    if visit.problem:
        return Seen(what, BAD, visit.problem, "Correct the address", link.at)
    led = f", by way of redirects to {visit.final_url}" if visit.final_url not in ("", link.url) else ""
    return Seen(what, GOOD, f"answered {visit.status}{led}", at=link.at)


CHECK = Check("LNK", "No broken links", "content", True, ("E4",), look)
