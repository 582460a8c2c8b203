"""When something that must keep happening happened last, by the database's clock: kept in one row for each."""

from martechops.lib import prepared

#: What `martechops.models.Pulse` describes; read and written here alone.
_TABLE = "martechops_pulse"


def note(name: str) -> None:
    """It happens now."""
    with prepared.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_TABLE} (name, at) VALUES (%s, clock_timestamp()) "  # noqa: S608
            "ON CONFLICT (name) DO UPDATE SET at = excluded.at",
            [name],
        )


def begin(name: str) -> None:
    """From now on it is expected, if it never happened."""
    with prepared.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_TABLE} (name, at) VALUES (%s, clock_timestamp()) ON CONFLICT DO NOTHING",  # noqa: S608
            [name],
        )


def age_seconds(name: str) -> float | None:
    """How long ago it happened; None if never."""
    with prepared.cursor() as cursor:
        cursor.execute(f"SELECT extract(epoch FROM clock_timestamp() - at) FROM {_TABLE} WHERE name = %s", [name])  # noqa: S608
        row = cursor.fetchone()
    return float(row[0]) if row else None


def take_over(name: str, *, after_seconds: float) -> tuple[float, float] | None:
    """If it has not happened for so long, it is the caller's turn, and nobody else's: when it was last, and now.

    Both in seconds since 1970. None while it is not, at the price of a look at one row.
    """
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            WITH before AS (SELECT at FROM {_TABLE} WHERE name = %s)
            UPDATE {_TABLE} p SET at = clock_timestamp() FROM before
            WHERE p.name = %s AND p.at < clock_timestamp() - make_interval(secs => %s)
            RETURNING extract(epoch FROM before.at), extract(epoch FROM p.at)
            """,  # noqa: S608
            [name, name, after_seconds],
        )
        row = cursor.fetchone()
    return (float(row[0]), float(row[1])) if row else None
