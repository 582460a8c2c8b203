"""Seconds as people say them."""


def words(seconds: float | None) -> str:
    """
    >>> words(0.4), words(90), words(7_800), words(190_000), words(None)
    ('0.4 s', '90 s', '2 h', '2 d 4 h', '—')
    """
    if seconds is None:
        return "—"
    if seconds < 120:
        return f"{seconds:.0f} s" if seconds >= 1 or not seconds else f"{seconds:.1f} s"
    if seconds < 7_200:
        return f"{seconds / 60:.0f} min"
    days, hours = divmod(int(seconds // 3_600), 24)
    return f"{days} d {hours} h" if days else f"{hours} h"
