"""Rules as MongoDB-style documents (DESIGN section 4): compiled once, tested often, explained with the values.

>>> rule = compile_condition({"contact.score": {"$gte": 50}})
>>> rule.test({"contact": {"score": 62}})
True
>>> [check.says() for check in rule.explain({"contact": {"score": 12}})]
['contact.score is at least 50: no, it is 12']

`OPERATORS` is the one table; `compile` evaluates and explains by it, `types` checks a rule against the catalog,
`words` says it, `workflows.queries.conditions` asks the database, and the builder on screen offers what it lists.
A missing or null value satisfies `$exists: false`, `$ne` and `$nin`, and nothing else; `$not` and `$nor` turn round
whatever the rule inside them answers. `{segment: key}` is the rule of that segment in its place. A comparison that has
no answer raises `ConditionError`: it is never a "no".
"""

from . import relative
from .compile import BadCondition, Check, Comparison, Condition, Segments, compile_condition, operations
from .operators import OPERATORS, ConditionError, Lookup, Operator
from .places import places, reader, value_at
from .spelling import did_you_mean
from .types import ANY, FieldType, check_types
from .words import SEGMENT, comparison_words, condition_words

__all__ = [
    "ANY",
    "OPERATORS",
    "SEGMENT",
    "BadCondition",
    "Check",
    "Comparison",
    "Condition",
    "ConditionError",
    "FieldType",
    "Lookup",
    "Operator",
    "Segments",
    "check_types",
    "comparison_words",
    "compile_condition",
    "condition_words",
    "did_you_mean",
    "operations",
    "places",
    "reader",
    "relative",
    "value_at",
]
