"""Archived numbers: what is kept of a campaign, and whether the same is counted again, and if not, why.

Counted again means by the definitions that were kept, from the facts that there still are, under the names of today.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import isclose
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Min

from reporting.facts.names import CAMPAIGN
from reporting.metrics import Grain, Period, Question, leaves
from reporting.metrics.question import MOST_DAYS
from reporting.models import ArchivedNumbers, DailyFigure
from reporting.queries.metrics import Answer, Catalog, Defined, ask, catalog
from workflows.engine.metrics import MODELS, Model, entity_column, read
from workflows.engine.references import renamed
from workflows.models import Alias, Contact, Metric, Rename
from workflows.queries import documents

#: A number by its metric, the first day of its span and its channel; empty: of all.
Place = tuple[str, str, str]
#: A number at its place, with its currency; empty: it is no money.
Figure = tuple[Place, float | None, str]
#: A row of a view: its number, that of its contact, and a digest of what it says.
Row = tuple[str, int | None, str]
#: Stands for the channel of those who came by none that is known.
NO_CHANNEL = "(none)"
#: What a rename changes on every row, and so tells nothing of one.
_NAMES = ("campaign", "workflow_name", "stage_position")


@dataclass(frozen=True, slots=True)
class Difference:
    """One number that comes out otherwise than it was kept."""

    metric: Defined
    span: str
    channel: str
    kept: float | None
    now: float | None
    #: What became of the rows that it was counted from, in words; empty: nothing that would explain it.
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowsNow:
    """What became of the rows of one view."""

    view: str
    says: str
    kept: int
    same: int
    #: Their contact is not there any more: erased, deleted, or merged into another.
    gone_with_contact: int
    #: The contact is there, the row is not: retention, or it was taken back.
    gone: int
    #: They say something else.
    changed: int
    #: They came after it was archived.
    came: int

    @property
    def why(self) -> tuple[str, ...]:
        """In words, what can make a number another."""
        said = (
            (self.gone_with_contact, "went with their contacts, which were erased, deleted or merged"),
            (self.gone, "are not kept any longer"),
            (self.changed, "say something else than then"),
            (self.came, "came later"),
        )
        return tuple(f"{count} of {self.says.partition(',')[0]} {what}" for count, what in said if count)


@dataclass(frozen=True, slots=True)
class Reproduction:
    """The numbers counted once more."""

    compared: int
    differences: tuple[Difference, ...]
    rows: tuple[RowsNow, ...]
    #: Names that changed since: former, present.
    renames: tuple[tuple[str, str], ...]
    #: Metrics that are defined otherwise by now, with the version kept and that of today; 0: there is none any more.
    redefined: tuple[tuple[Defined, int], ...]

    @property
    def is_equal(self) -> bool:
        return not self.differences

    @property
    def is_explained(self) -> bool:
        """Every difference has a reason."""
        return all(one.because for one in self.differences)


def found(campaign_key: str) -> ArchivedNumbers | None:
    """What is kept of a campaign; None: it is not archived, or its numbers are still to come."""
    rows = ArchivedNumbers.objects.filter(archive__campaign__key=campaign_key)
    return rows.select_related("archive__campaign", "archive__made_by").first()


def present_name(campaign: str) -> str:
    """The name that facts of a campaign stand under."""
    found = Alias.objects.filter(kind=CAMPAIGN, old=campaign, until=None).values_list("new", flat=True).first()
    return found or campaign


def period_of(campaign: str, *, planned: datetime, archived: datetime, zone: str) -> Period:
    """From its first trace in the figures, or the day it was planned, to the day that it was archived."""
    until = archived.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    first = DailyFigure.objects.filter(campaign=campaign).aggregate(first=Min("day"))["first"]
    since = min(filter(None, (first, planned.astimezone(ZoneInfo(zone)).date())))
    return Period(max(since, until - timedelta(days=MOST_DAYS)), until)


def grain_of(period: Period) -> Grain:
    """Spans of its series."""
    return Grain.WEEK if period.days <= 366 else Grain.MONTH


def numbers(campaign: str, period: Period, *, known: Catalog, zone: str) -> dict[Place, float | None]:
    """Every metric that can be told by campaign: of all of it, by span, and by channel."""
    return {place: value for place, value, _ in figures(campaign, period, known=known, zone=zone)}


def figures(campaign: str, period: Period, *, known: Catalog, zone: str) -> list[Figure]:
    """The same with the currency of each."""
    where = {"campaign": (campaign,)}
    keys = [key for key in sorted(known.metrics) if known.can_tell(key, "campaign")]
    asked = [Question(key, period, where=where) for key in keys]
    asked += [Question(key, period, grain_of(period), where=where) for key in keys]
    asked += [Question(key, period, by=("channel",), where=where) for key in keys if known.can_tell(key, "channel")]
    return [figure for answer in ask(asked, known=known, at_zone=zone) for figure in _figures(answer)]


def rows(campaign: str, period: Period, *, zone: str) -> dict[str, list[Row]]:
    """Every row of the views that is about the campaign, since the period began, by view. One query a view."""
    since = _since(period, zone)
    return {model.view: list(_rows(model, campaign, since)) for model in _counted()}


def views() -> list[str]:
    """Names of the views whose rows are kept track of."""
    return [model.view for model in _counted()]


def facts(kept: ArchivedNumbers, view: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Heads and rows of a view as it says them now, of the campaign, in the order of their numbers."""
    model = MODELS[view]
    since = _since(Period(*_days(kept.content)), kept.content["zone"])
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT * FROM reporting.{view} v WHERE v.campaign = %s AND v.{model.time} >= %s "  # noqa: S608
            f"ORDER BY v.{model.row}",
            [present_name(kept.content["campaign"]), since],
        )
        return [column.name for column in cursor.description], list(cursor.fetchall())


def definitions(known: Catalog) -> dict[str, dict[str, Any]]:
    """Each definition as a document, with the number and digest of its version."""
    written = {row.key: documents.document_of(row) for row in Metric.objects.select_related("owner")}
    return {
        key: {"document": written[key], "version": one.version, "digest": one.digest}
        for key, one in sorted(known.metrics.items())
    }


def catalog_of(content: Mapping[str, Any]) -> Catalog:
    """The definitions that were kept."""
    return _catalog(content["definitions"], {})


def kept_numbers(content: Mapping[str, Any]) -> dict[Place, float | None]:
    """The numbers that were kept."""
    return {(key, span, channel): value for key, span, channel, value in content["numbers"]}


def kept_currencies(content: Mapping[str, Any]) -> dict[Place, str]:
    """Of the amounts that were kept; what was archived before currencies were kept has none."""
    return {(key, span, channel): currency for key, span, channel, currency in content.get("currencies", ())}


def reproduce(kept: ArchivedNumbers) -> Reproduction:
    """Count all of it once more and say what is another number, and why."""
    content, names = kept.content, _names(kept.made_at)
    period = Period(*_days(content))
    now_called = present_name(content["campaign"])
    known = _catalog(content["definitions"], names)
    now = numbers(now_called, period, known=known, zone=content["zone"])
    there = rows(now_called, period, zone=content["zone"])
    then = {one.view: [(id, contact, says) for id, contact, says in one.rows] for one in kept.counted.all()}
    became = {view: _became(view, then.get(view, []), there[view]) for view in there}
    before = kept_numbers(content)
    return Reproduction(
        compared=len(before),
        differences=tuple(_differences(before, now, known, period, became)),
        rows=tuple(became.values()),
        renames=tuple((old, new) for (_, old), new in names.items()),
        redefined=tuple(_redefined(known)),
    )


def _days(content: Mapping[str, Any]) -> tuple[date, date]:
    return date.fromisoformat(content["since"]), date.fromisoformat(content["until"])


def _since(period: Period, zone: str) -> datetime:
    return datetime.combine(period.since, time(), ZoneInfo(zone))


def _figures(answer: Answer) -> Iterator[Figure]:
    key, asked = answer.metric.key, answer.question
    if not asked.grain and not asked.by:
        yield (key, "", ""), answer.value, answer.currency
        return
    for row in answer.rows:
        yield (key, str(row.at or ""), (row.by[0] or NO_CHANNEL) if row.by else ""), row.value, row.currency


def _counted() -> list[Model]:
    """Views whose rows are about a campaign and have a number of their own."""
    return [model for model in MODELS.values() if model.row and "campaign" in model.dimensions]


def _rows(model: Model, campaign: str, since: datetime) -> Iterator[Row]:
    contact = entity_column(model, "contact")
    contact = f"v.{contact}" if contact else "NULL::bigint"
    said = " - ".join(["to_jsonb(v)", *(f"'{name}'" for name in _NAMES)])
    with connection.cursor() as cursor:
        # Names of columns are those of the closed table of metrics.
        cursor.execute(
            f"SELECT v.{model.row}::text, {contact}, md5(({said})::text) FROM reporting.{model.view} v "  # noqa: S608
            f"WHERE v.campaign = %s AND v.{model.time} >= %s ORDER BY 1",
            [campaign, since],
        )
        yield from cursor.fetchall()


def _names(since: datetime) -> dict[tuple[str, str], str]:
    """What was renamed since, by kind and name of then."""
    found: dict[tuple[str, str], str] = {}
    for kind, old, new in Rename.objects.filter(at__gte=since).order_by("pk").values_list("kind", "old", "new"):
        found = {place: new if (place[0], now) == (kind, old) else now for place, now in found.items()}
        found.setdefault((kind, old), new)
    for old, new in Alias.objects.filter(kind=CAMPAIGN, until=None, since__gte=since).values_list("old", "new"):
        found.setdefault((CAMPAIGN, old), new)
    return found


def _catalog(kept: Mapping[str, Any], names: Mapping[tuple[str, str], str]) -> Catalog:
    return Catalog({key: _defined(one, names) for key, one in kept.items()})


def _defined(kept: Mapping[str, Any], names: Mapping[tuple[str, str], str]) -> Defined:
    said = renamed(kept["document"], names)
    plain = ("key", "name", "meaning", "unit", "better", "status", "owner", "type")
    return Defined(
        **{name: said[name] for name in plain},
        target=said.get("target") or {},
        version=kept["version"],
        digest=kept["digest"],
        definition=read(said["type"], said["formula"]),
    )


def _became(view: str, kept: Iterable[Row], now: Iterable[Row]) -> RowsNow:
    then = {id: (contact, says) for id, contact, says in kept}
    there = {id: says for id, _, says in now}
    gone = [contact for id, (contact, _) in then.items() if id not in there]
    still = set(Contact.objects.filter(pk__in={one for one in gone if one}).values_list("pk", flat=True))
    same = sum(there.get(id) == says for id, (_, says) in then.items())
    with_contact = sum(contact is not None and contact not in still for contact in gone)
    return RowsNow(
        view=view,
        says=MODELS[view].says,
        kept=len(then),
        same=same,
        gone_with_contact=with_contact,
        gone=len(gone) - with_contact,
        changed=len(then) - len(gone) - same,
        came=sum(id not in then for id in there),
    )


def _differences(
    before: Mapping[Place, float | None],
    now: Mapping[Place, float | None],
    known: Catalog,
    period: Period,
    became: Mapping[str, RowsNow],
) -> Iterator[Difference]:
    for place in sorted({*before, *now}):
        key, span, channel = place
        plan = known.plan(Question(key, period))
        nothing = plan.of_nothing
        kept, counted = before.get(place, nothing), now.get(place, nothing)
        if _is_same(kept, counted):
            continue
        views = dict.fromkeys(leaf.view for leaf in leaves(plan.root))
        # What a deal is owed to is computed from deals and touches.
        rested_on = [part for view in views for part in (("deals", "touches") if view == "deal_credits" else (view,))]
        because = tuple(words for view in rested_on if view in became for words in became[view].why)
        yield Difference(known.metrics[key], span, channel, kept, counted, because)


def _is_same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


def _redefined(kept: Catalog) -> Iterator[tuple[Defined, int]]:
    today = catalog().metrics
    for key, one in kept.metrics.items():
        now = today.get(key)
        if now is None or now.digest != one.digest:
            yield one, now.version if now else 0
