"""Compiled statements set out for people: a clause a line, a query within a query further in.

>>> print(laid_out("SELECT a FROM (SELECT 'FROM (x' AS a FROM t m WHERE m.b = 1 AND m.c IN (1, 2) GROUP BY 1) q"))
SELECT a
FROM (
  SELECT 'FROM (x' AS a
  FROM t m
  WHERE m.b = 1
    AND m.c IN (1, 2)
  GROUP BY 1
) q
"""

import re
from collections.abc import Iterator

_KEYWORDS = r"UNION ALL|(?:LEFT |CROSS )?JOIN|FROM|WHERE|GROUP BY|ORDER BY|LIMIT|AND"
#: Texts in quotes first, so that what stands in them is left alone.
_PARTS = re.compile(
    rf"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\((?=SELECT\b)|[()]| *\b(?:{_KEYWORDS})\b *|[^'\"()\w ]+| +|\w+"
)


def laid_out(sql: str) -> str:
    """The same statement in lines."""
    return "".join(_pieces(sql))


def _pieces(sql: str) -> Iterator[str]:
    #: For each open bracket: whether a query is in it.
    brackets: list[bool] = []
    for found in _PARTS.finditer(sql):
        piece, word = found[0], found[0].strip(" ")
        within, margin = all(brackets[-1:]), "\n" + "  " * sum(brackets)
        if piece == "(":
            brackets.append(sql.startswith("SELECT", found.end()))
            yield f"({margin}  " if brackets[-1] else "("
        elif piece == ")":
            yield ("\n" + "  " * (sum(brackets) - 1) if brackets.pop() else "") + ")"
        elif not within or not re.fullmatch(_KEYWORDS, word):
            yield piece
        elif word == "UNION ALL":
            yield f"{margin}UNION ALL{margin}"
        else:
            yield f"{margin}{'  ' * (word == 'AND')}{word} "
