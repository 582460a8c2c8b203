"""What a change of a naming convention means (requirement I2): what follows it, what follows only the former one and
what that would be called now, and until when both are read.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns import lifecycle
from campaigns.models import Campaign
from workflows.engine.difference import differences
from workflows.engine.naming import BadConvention, BadName, Convention, compile_convention
from workflows.models import ContentItem, DefinitionVersion, EventType, NamingConvention, Status

#: So long a former convention is read beside the one in force: what is on its way under its names ends in peace.
READ_BOTH_FOR = timedelta(days=30)
_MOST = 500
_OVER = (lifecycle.State.ARCHIVED, lifecycle.State.CANCELLED)


@dataclass(frozen=True, slots=True)
class Former:
    """What was agreed to before, and is read still."""

    convention: Convention
    until: datetime
    #: Its version, and what has changed since, in words.
    number: int
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NameInUse:
    """One name that somebody gave."""

    name: str
    #: What is called so, and its page.
    label: str
    address: str
    #: "new", "former" (and not the new one), or "neither".
    follows: str
    #: What it would be called now; empty where that cannot be said.
    becomes: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One convention with the names that are in use."""

    row: NamingConvention
    former: Former | None
    names: tuple[NameInUse, ...]

    @property
    def to_rename(self) -> tuple[NameInUse, ...]:
        """Those that do not follow it."""
        return tuple(one for one in self.names if one.follows != "new")


def of(row: NamingConvention, *, at: datetime) -> Change | None:
    """None for one that cannot be read. A constant number of queries."""
    try:
        now = compile_convention(row.parts, separator=row.separator)
    except BadConvention:
        return None
    former = formers([row], at=at).get(row.pk)
    given = _IN_USE[row.subject]()
    return Change(row, former, tuple(_held(part, name, label, at_, now, former) for part, name, label, at_ in given))


def formers(rows: Iterable[NamingConvention], *, at: datetime) -> Mapping[int, Former]:
    """By convention, what was agreed to before and is read still. One query."""
    by_row: dict[int, list[DefinitionVersion]] = {row.pk: [] for row in rows}
    versions = DefinitionVersion.objects.filter(kind="convention", object_id__in=by_row).order_by(
        "object_id", "-number"
    )
    for version in versions:
        by_row[version.object_id].append(version)
    found = {pk: _former(of_row, at) for pk, of_row in by_row.items() if of_row}
    return {pk: former for pk, former in found.items() if former is not None}


def _former(newest_first: list[DefinitionVersion], at: datetime) -> Former | None:
    now, since = newest_first[0], newest_first[0]
    for version in newest_first[1:]:
        is_other = _rule(version) != _rule(now)
        if is_other and version.content.get("status") in (Status.AGREED, Status.FROZEN):
            until = since.created_at + READ_BOTH_FOR
            return Former(_compiled(version), until, version.number, _changes(version, now)) if at < until else None
        since = version if not is_other else since
    return None


def _rule(version: DefinitionVersion) -> tuple[object, object]:
    return version.content.get("parts"), version.content.get("separator")


def _compiled(version: DefinitionVersion) -> Convention:
    return compile_convention(version.content["parts"], separator=version.content.get("separator", "_"))


def _changes(old: DefinitionVersion, new: DefinitionVersion) -> tuple[str, ...]:
    before, after = ({name: one.content.get(name) for name in ("parts", "separator")} for one in (old, new))
    return tuple(differences(before, after))


def _held(part: str, name: str, label: str, address: str, now: Convention, former: Former | None) -> NameInUse:
    if _fits(now, part, name):
        return NameInUse(name, label, address, "new")
    if former is None or not _fits(former.convention, part, name):
        return NameInUse(name, label, address, "neither")
    return NameInUse(name, label, address, "former", "" if part else _renamed(name, now, former.convention))


def _fits(convention: Convention, part: str, name: str) -> bool:
    """As a whole; or, where a part is named, as that part, if there is one."""
    if not part:
        return convention.parse(name) is not None
    return all(one.fits(name) for one in convention.parts if one.name in (part, f"utm_{part}"))


def _renamed(name: str, now: Convention, former: Convention) -> str:
    """The same values by the convention in force; empty where it has parts that nobody can guess."""
    values, parts = former.parse(name) or {}, {part.name for part in now.parts}
    try:
        return now.render({part: value for part, value in values.items() if part in parts})
    except BadName:
        return ""


#: The part that it is (empty: a whole name), the name, what is called so, and its page.
_Given = tuple[str, str, str, str]


def _campaigns() -> Iterator[_Given]:
    for row in Campaign.objects.exclude(state__in=_OVER).order_by("-pk")[:_MOST]:
        yield "", row.name, f"Campaign {row.campaign_id}", f"/campaigns/{row.key}/"


def _utm() -> Iterator[_Given]:
    for row in Campaign.objects.exclude(state__in=_OVER).order_by("-pk")[:_MOST]:
        for part, value in row.utm.items():
            yield part, value, f"utm_{part} of {row.name}", f"/campaigns/{row.key}/"


def _events() -> Iterator[_Given]:
    for row in EventType.objects.order_by("name")[:_MOST]:
        yield "", row.name, "Event type", f"/vocabulary/event-type/{row.pk}/"


def _channels() -> Iterator[_Given]:
    for row in Campaign.objects.exclude(state__in=_OVER).order_by("-pk")[:_MOST]:
        yield from (("", label, f"Channel of {row.name}", f"/campaigns/{row.key}/") for label in row.channels)
    for item in ContentItem.objects.order_by("-pk")[:_MOST]:
        yield from (("", label, f"Channel of {item.name}", f"/content/{item.pk}/") for label in item.channels)


_IN_USE: Mapping[str, Callable[[], Iterator[_Given]]] = {
    "campaign": _campaigns,
    "utm": _utm,
    "event": _events,
    "channel": _channels,
}
