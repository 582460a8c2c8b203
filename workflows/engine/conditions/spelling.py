"""What somebody probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[object]) -> str:
    """The end of a sentence about a name that is not known; empty where nothing is near.

    >>> did_you_mean("contact.scor", ["contact.score", "contact.city"])
    '; did you mean contact.score?'
    """
    by_fold = {str(one).lower(): str(one) for one in known}
    close = get_close_matches(name.lower(), by_fold, n=1, cutoff=0.6)
    return f"; did you mean {by_fold[close[0]]}?" if close else ""
