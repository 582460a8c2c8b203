"""Plans as SQL over the documented views: the one place where a metric becomes a statement.

`statements` makes it, of `arithmetic` over `numbers`, which are counted of `rows`; `rolled` says which rollup holds a
number, so that it need not be counted from facts.
"""

from .statements import Statement, alone, cohorts, contacts, marked, statement

__all__ = ["Statement", "alone", "cohorts", "contacts", "marked", "statement"]
