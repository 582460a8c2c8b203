"""Two contacts that are one person: what the one that stays would say (requirement D6).

What the kept one says is stronger; what it does not say, the other adds; a person may choose otherwise field by field.
Consent is no choice: it follows the two ledgers together; the latest statement counts, at the same instant the refusal.
"""

from collections.abc import Mapping
from typing import Any

from martechops.lib.frozen import dataclass

from . import consents

#: Columns of a contact that are chosen like fields.
COLUMNS = ("email", "lifecycle_stage")


@dataclass(frozen=True, slots=True)
class Line:
    """One field of both, and what it will be."""

    field: str
    kept: Any
    gone: Any
    result: Any

    @property
    def differs(self) -> bool:
        """Both say something, and not the same: a person may choose."""
        return self.kept not in (None, "") and self.gone not in (None, "") and self.kept != self.gone


def lines(
    kept: Mapping[str, Any], gone: Mapping[str, Any], *, from_gone: frozenset[str] = frozenset()
) -> tuple[Line, ...]:
    """Every field that one of them has, by name; `from_gone` are those where the other one is believed.

    >>> [line.result for line in lines({"company": "A", "size": None}, {"company": "B", "size": 5})]
    ['A', 5]
    >>> lines({"company": "A"}, {"company": "B"}, from_gone=frozenset({"company"}))[0].result
    'B'
    """
    found = []
    for name in sorted({*kept, *gone}):
        ours, theirs = kept.get(name), gone.get(name)
        takes_theirs = theirs not in (None, "") and (name in from_gone or ours in (None, ""))
        found.append(Line(name, ours, theirs, theirs if takes_theirs else ours))
    return tuple(found)


def consent(kept: Mapping[str, Mapping[str, str]], gone: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Both ledgers folded: by channel and purpose the latest statement, at the same instant the refusal.

    >>> consent({"email": {"state": "granted", "at": "2026-01-02"}}, {"email": {"state": "denied", "at": "2026-01-03"}})
    {'email': {'state': 'denied', 'at': '2026-01-03'}}
    """
    return consents.merged(kept, gone)
