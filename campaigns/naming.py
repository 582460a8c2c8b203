"""Tagged addresses: UTM parameters put on a link and read off it again, the same way everywhere (requirements A11, C9).

>>> tag("https://example.com/guide?ref=a#top", {"source": "newsletter", "campaign": "2026_q4 guide"})
'https://example.com/guide?ref=a&utm_source=newsletter&utm_campaign=2026_q4%20guide#top'
>>> tags("https://example.com/?utm_source=newsletter&x=1")
{'source': 'newsletter'}
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

#: In the order in which links carry them.
UTM_PARAMETERS = ("source", "medium", "campaign", "term", "content", "id")
_PREFIX = "utm_"
#: An address within people's text, up to what cannot belong to it; closing marks of a sentence are not part of it.
#: What is filled in for each reader is.
_ADDRESS = re.compile(r"https?://(?:\{\{.*?\}\}|\{%.*?%\}|[^\s<>\"'{}|\\^`])+", re.IGNORECASE)
_TRAILING = ".,;:!?)]*_"


def tag(address: str, utm: Mapping[str, str]) -> str:
    """The address with these UTM parameters in place of its own; other parameters and the fragment stay."""
    parts = urlsplit(address)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if not _is_tag(name)]
    added = [(_PREFIX + name, utm[name]) for name in UTM_PARAMETERS if utm.get(name)]
    return urlunsplit(parts._replace(query=urlencode([*kept, *added], quote_via=quote)))


def tags(address: str) -> dict[str, str]:
    """The UTM parameters that the address carries, by their names without "utm_"."""
    found = parse_qsl(urlsplit(address).query, keep_blank_values=True)
    return {name.lower().removeprefix(_PREFIX): value for name, value in found if _is_tag(name)}


def untagged(address: str) -> str:
    """
    >>> untagged("https://example.com/a?utm_source=x&b=1")
    'https://example.com/a?b=1'
    """
    return tag(address, {})


def addresses(text: str) -> Iterator[str]:
    """The addresses in a text, in their order.

    >>> list(addresses("See https://example.com/a?b=1, or (http://example.org)."))
    ['https://example.com/a?b=1', 'http://example.org']
    >>> list(addresses("https://example.com/?for={{ contact.id }}&utm_source=newsletter."))
    ['https://example.com/?for={{ contact.id }}&utm_source=newsletter']
    """
    return (found.rstrip(_TRAILING) for found in _ADDRESS.findall(text))


def is_fixed(address: str) -> bool:
    """Is it the same for every reader? Only such a one can be visited.

    >>> is_fixed("https://example.com/"), is_fixed("https://example.com/{{ contact.id }}")
    (True, False)
    """
    return "{{" not in address and "{%" not in address


def _is_tag(name: str) -> bool:
    return name.lower().startswith(_PREFIX) and name.lower().removeprefix(_PREFIX) in UTM_PARAMETERS
