"""UTM: every link carries its tags, and they follow the naming convention (requirement E4a)."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from campaigns.qa.check import BAD, GOOD, Check, Seen
from campaigns.qa.launch import Launch, Link
from workflows.engine.naming import Convention

#: Without these, nobody can say where a visitor came from.
NEEDED = ("utm_source", "utm_medium", "utm_campaign")
KNOWN = (*NEEDED, "utm_term", "utm_content")


def look(launch: Launch) -> Iterator[Seen]:
    """Each link of the launch that leads to a page."""
    for link in launch.links:
        if "{{" in urlsplit(link.url).netloc or urlsplit(link.url).scheme not in ("http", "https"):
            continue
        wrong = [*_missing(link), *_against(link, launch)]
        what = f"link {link.url} in {link.place}"
        if wrong:
            yield Seen(what, BAD, "; ".join(wrong), "Build the link with the campaign's UTM tags", link.at)
        else:
            tags = ", ".join(f"{name}={link.tags[name]}" for name in KNOWN if name in link.tags)
            yield Seen(what, GOOD, tags, at=link.at)


def _missing(link: Link) -> Iterator[str]:
    yield from (f"{name} is missing" for name in NEEDED if not link.tags.get(name))


def _against(link: Link, launch: Launch) -> Iterator[str]:
    for name in KNOWN:
        value = link.tags.get(name)
        if not value:
            continue
        wanted = launch.utm.get(name)
        if wanted and value != wanted:
            yield f"{name} is {value}; for this campaign it is {wanted}"
        elif not wanted:
            yield from _objections(name, value, launch)


def _objections(name: str, value: str, launch: Launch) -> Iterator[str]:
    """By the convention for campaign names, or by the part of the one for UTM parameters that has this name."""
    if name == "utm_campaign":
        made = launch.conventions.get("campaign", ())
        if made and all(convention.parse(value) is None for convention in made):
            yield f"utm_campaign {value} does not follow the naming convention: {_why(made[0], value)}"
        return
    parts = [part for convention in launch.conventions.get("utm", ()) for part in convention.parts]
    asked = [part for part in parts if part.name in (name, name.removeprefix("utm_"))]
    if asked and not any(part.fits(value) for part in asked):
        yield f"{name} is {value}; it may be {asked[0].says()}"


def _why(convention: Convention, value: str) -> str:
    wrong = [check.says for check in convention.explain(value) if not check.holds]
    return "; ".join(wrong) or f"a name is {convention.example()}"


CHECK = Check("UTM", "Links tagged by the convention", "content", True, ("E4", "C9", "C10", "A11"), look)
