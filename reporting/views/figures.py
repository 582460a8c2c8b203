"""Numbers of metrics as people read them."""

from reporting.queries.metrics import SEVERAL


def words(value: float | None, unit: str, currency: str = "") -> str:
    """With its unit; a dash where nothing can be said.

    >>> words(1234.0, "count"), words(0.3333, "percent"), words(12.5, "money", "EUR"), words(None, "days")
    ('1,234', '33.3 %', '12.50 EUR', '—')
    >>> words(None, "money", SEVERAL)
    'several currencies'
    """
    if value is None:
        return "several currencies" if currency == SEVERAL else "—"
    said = _plain(value, unit)
    return f"{said} {currency}" if currency and currency != SEVERAL else said


def _plain(value: float, unit: str) -> str:
    match unit:
        case "percent":
            return f"{100 * value:.1f} %" if abs(value) >= 0.001 or not value else f"{100 * value:.3f} %"
        case "money":
            return f"{value:,.0f}" if abs(value) >= 100 or not value else f"{value:,.2f}"
        case "hours":
            return f"{value:,.1f} h"
        case "days":
            return f"{value:,.1f} d"
        case _:
            return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
