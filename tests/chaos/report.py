"""What a campaign showed, as Markdown for people and as JSON for programs."""

import json
import os
import statistics
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from martechops.lib.crash_points import PLACES
from tests.chaos.campaign import LEASE_SECONDS, Outcome, Size


def write(folder: Path, *, name: str, size: Size, outcome: Outcome, at: datetime) -> None:
    """`<name>.md` and `<name>.json` in that folder."""
    (folder / f"{name}.json").write_text(json.dumps(_document(size, outcome, at), indent=1) + "\n")
    (folder / f"{name}.md").write_text(_page(size, outcome, at))


def spread(waits: Sequence[float]) -> dict[str, float]:
    """How many there were, and p50, p99 and the longest of them, in seconds."""
    if not waits:
        return {"count": 0}
    ordered = sorted(waits)
    p99 = ordered[max(0, -(-len(ordered) * 99 // 100) - 1)]
    return {
        "count": len(ordered),
        "p50": round(statistics.median(ordered), 2),
        "p99": round(p99, 2),
        "longest": round(ordered[-1], 2),
    }


def _document(size: Size, outcome: Outcome, at: datetime) -> dict[str, object]:
    found = asdict(outcome) | {
        "reclaimed": spread(outcome.reclaimed),
        "given_back": spread(outcome.given_back),
        "reclaimed_with_database_away": spread(outcome.reclaimed_with_database_away),
        "away": spread(outcome.away),
        "seconds": round(outcome.seconds),
    }
    told = {"seed": size.seed, "people": size.people, "workers": size.workers, "lease_seconds": LEASE_SECONDS}
    return {"at": at.isoformat(timespec="seconds"), **told, **found}


def _page(size: Size, outcome: Outcome, at: datetime) -> str:
    verdict = outcome.verdict
    done = sum(count for state, count in outcome.at_last.items() if state == "done")
    kills = sum(outcome.kills.values())
    at_places = sum(count for what, count in outcome.kills.items() if what in PLACES)
    crashes = outcome.kills.get("postgres", 0) + outcome.kills.get("session", 0)
    share = 100 * outcome.uncertain / max(outcome.of_class_c, 1)
    rows = [
        ("effects carried out", f"{done:,}"),
        ("**lost**", f"**{verdict.lost}** of {verdict.expected:,} that were owed"),
        ("**doubled**", f"**{verdict.doubled}** ({verdict.repeats_dropped} repeats were dropped under their key)"),
        ("arrived unasked", f"{verdict.unasked}"),
        ("`uncertain`, of class C", f"{outcome.uncertain} of {outcome.of_class_c:,} ({share:.2f} %)"),
        (
            "messages acknowledged",
            f"{outcome.acknowledged:,}; of these not stored: {outcome.acknowledged_and_not_stored}",
        ),
        (
            "processes killed",
            f"{kills} ({at_places} of them at named places), and {outcome.frozen} frozen past their lease",
        ),
        ("crashes of the database", f"{crashes}; its log tells of {outcome.recoveries} recoveries"),
        ("broker emptied", f"{outcome.wipes} times"),
        ("work of a dead worker taken up", _says(outcome.reclaimed)),
        ("of this, until an effect was given back; the rest is its turn in the queue", _says(outcome.given_back)),
        ("the same, where the database was away too", _says(outcome.reclaimed_with_database_away)),
        ("database away", _says(outcome.away)),
        ("duration", f"{outcome.seconds / 60:.0f} minutes"),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    killed = "\n".join(f"| `{what}` | {_what(what)} | {count} |" for what, count in sorted(outcome.kills.items()))
    return f"""# Chaos report

Written by `python3 manage.py test --chaos tests/chaos/test_campaign.py` on {at:%d %B %Y}, seed {size.seed}.
A whole installation ({size.workers} workers) is sent the events of {size.people:,} people over HTTP while its parts
are killed. A sink in a process of its own keeps a journal on disk, and an oracle that does not know the engine works
out from the stored events what must have arrived.

| figure | value |
|---|---|
{table}

## What was asked, and reached

Run beside other work, so that the machine's load at the end was {os.getloadavg()[1]:.0f} on {os.cpu_count()} cores.

| asked | reached |
|---|---|
{_asked(outcome)}

## What was killed

| what | where it was | times |
|---|---|---|
{killed}

## How to read it

- *Lost* and *doubled* are counted at the far sides: the inbox for class A, the HTTP journal for class B, the SMTP
  journal for class C. A repeat under one key counts as dropped at class B, which honours keys, and as doubled at
  class C, which does not.
- An effect is *uncertain* where the far side cannot tell a repeat and its worker died, or was frozen past its lease of
  {LEASE_SECONDS:.0f} seconds, after the last line had left and before the answer was noted. What never left, and what
  was answered, the witness on the worker's disk tells. None is repeated blindly: at the end a person looked into
  the mailbox and said of each what was there. *Lost* and *doubled* are counted after that.
- *Taken up* is the time from a worker's death to another's having begun with what it held: an effect reserved anew, an
  event noted by a worker that lives. Looked at ten times a second.
- What the sender saw instead of a 200, and repeated: {_list(outcome.sender_saw)}.
"""


def _asked(outcome: Outcome) -> str:
    """The aims of the long form, each with yes or no."""
    crashes = outcome.kills.get("postgres", 0) + outcome.kills.get("session", 0)
    aims = {
        "0 lost, 0 doubled": outcome.verdict.lost == outcome.verdict.doubled == 0,
        "every acknowledged message stored": outcome.acknowledged_and_not_stored == 0,
        "100,000 effects": outcome.at_last.get("done", 0) >= 100_000,
        "500 kills": sum(outcome.kills.values()) >= 500,
        "20 crashes of the database": crashes >= 20,
        "at most 0.5 % of class C uncertain": outcome.uncertain <= 0.005 * outcome.of_class_c,
        "a dead worker's work taken up within 5 s (p99)": spread(outcome.reclaimed).get("p99", 0) <= 5,
    }
    return "\n".join(f"| {aim} | {'yes' if reached else '**no**'} |" for aim, reached in aims.items())


def _says(waits: Sequence[float]) -> str:
    found = spread(waits)
    if not found["count"]:
        return "none"
    return f"{found['count']:,.0f} times; p50 {found['p50']} s, p99 {found['p99']} s, longest {found['longest']} s"


def _what(what: str) -> str:
    elsewhere = {
        "worker": "anywhere, by dice",
        "web": "anywhere, by dice",
        "beat": "anywhere, by dice",
        "postgres": "the whole server",
        "session": "one process of the server, which then restarts itself",
    }
    return PLACES.get(what) or elsewhere[what]


def _list(counts: dict[str, int]) -> str:
    return ", ".join(f"{what} {count} times" for what, count in sorted(counts.items())) or "nothing"
