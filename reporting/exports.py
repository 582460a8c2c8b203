"""Dashboards as files: each number with the definition and version that it was counted by."""

from collections.abc import Iterable, Iterator, Sequence

from martechops.lib import spreadsheets, xlsx
from reporting.queries.dashboards import Shown

_NUMBERS = ("Metric", "Key", "From", "To", "Span or group", "Value", "Unit", "Currency", "Version", "Digest")
#: A row of a file, as `_NUMBERS` says.
_Line = tuple[object, ...]

FORMATS = {"csv": "text/csv; charset=utf-8", "xlsx": xlsx.CONTENT_TYPE}


def file_name(shown: Shown, form: str) -> str:
    """
    As in `campaigns-2026-11-01-2026-11-30.csv`.
    """
    period = shown.asked.period
    return f"{shown.asked.board.key}-{period.since}-{period.last}.{form}"


def packed(shown: Shown, form: str) -> bytes:
    """A CSV of all numbers, or a workbook with a sheet for each part of the page."""
    if form == "csv":
        return spreadsheets.table(_NUMBERS, [*_tiles(shown), *_series(shown), *_cells(shown)])
    heading = [shown.asked.board.by_words, *(metric.name for metric in shown.columns)]
    sheets: list[tuple[str, Sequence[str], Iterable[Sequence[object]]]] = [
        ("Numbers", _NUMBERS, list(_tiles(shown))),
        ("Trend", _NUMBERS, list(_series(shown))),
        (f"By {shown.asked.board.by_words.lower()}", heading, [(line.name, *line.values) for line in shown.lines]),
    ]
    return xlsx.workbook(sheets)


def _tiles(shown: Shown) -> Iterator[_Line]:
    period = shown.asked.period
    for tile in shown.tiles:
        metric, basis = tile.metric, (tile.metric.version, tile.answer.digest)
        for span, value, currency in (
            (period, tile.value, tile.currency),
            (period.former, tile.former, tile.former_currency),
        ):
            days = (str(span.since), str(span.last))
            yield metric.name, metric.key, *days, "", value, metric.unit, currency, *basis


def _series(shown: Shown) -> Iterator[_Line]:
    if (trend := shown.trend) is None:
        return
    metric, period = trend.metric, shown.asked.period
    for at, value in trend.series:
        yield (
            *(metric.name, metric.key, str(period.since), str(period.last), str(at), value, metric.unit),
            *(trend.currency, metric.version, metric.digest),
        )


def _cells(shown: Shown) -> Iterator[_Line]:
    period = shown.asked.period
    for line in shown.lines:
        for metric, value, currency in zip(shown.columns, line.values, line.currencies, strict=True):
            yield (
                *(metric.name, metric.key, str(period.since), str(period.last), line.name, value, metric.unit),
                *(currency, metric.version, metric.digest),
            )
