"""The rule of a segment as people say it, with segments called by their names."""

from collections.abc import Mapping
from typing import Any

from workflows.engine.conditions import BadCondition, compile_condition, condition_words
from workflows.queries import segment_rules


def rule_text(rule: Any, titles: Mapping[str, str] | None = None) -> str:
    """All of it in one clause."""
    try:
        compile_condition(rule)
    except BadCondition:
        return "a rule that cannot be read any more"
    return condition_words(rule, titles=titles or {})


def clauses(rule: Any) -> list[str]:
    """What has to hold, a line each."""
    if not isinstance(rule, Mapping):
        return []
    titles = segment_rules.titles() if segment_rules.are_named_in(rule) else {}
    return [
        rule_text({name: wanted}, titles)[1:-1]
        if name == "$or" and len(wanted) > 1
        else rule_text({name: wanted}, titles)
        for name, wanted in rule.items()
    ]
