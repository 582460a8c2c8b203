"""A rule inside a larger form: rows and groups where they can show it, its text where they cannot."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from martechops.lib import strict_json
from workflows.engine.conditions import BadCondition, FieldType, check_types, compile_condition, condition_words
from workflows.engine.edits.merge import MISSING

from . import condition_builder as builder
from .builder_page import Builder, shown
from .controls import Control, put, value_at

Fields = Mapping[str, FieldType]


@dataclass(frozen=True, slots=True)
class ShownRule:
    """A rule as the form has it."""

    #: None where rows cannot show it.
    builder: Builder | None
    text: str = ""
    #: As people say it; empty for no rule.
    words: str = ""
    #: What keeps it from being saved.
    unfinished: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def root_of(control: Control) -> str:
    """What the names of its controls begin with.

    >>> root_of(Control("choose.0.when", "Rule"))
    'rule-choose-0-when'
    """
    return f"rule-{control.name.replace('.', '-')}"


def show(
    control: Control,
    document: Any,
    fields: Fields,
    *,
    address: str,
    sent: builder.Submitted | None = None,
    focus: str = "",
) -> ShownRule:
    """The rule as it stands in the document, or as it was sent where that is not finished yet."""
    root, now = root_of(control), value_at(document, control.path)
    group, text = _group_of(now, fields), ""
    unfinished: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    if sent is not None and (rows := _rows_sent(sent, root)):
        group = rows
        unfinished = _missing(rows, fields)
    elif sent is not None and sent.getlist(control.name):
        group, text = None, sent.getlist(control.name)[0]
        problems = _text_problems(text)
    elif group is None:
        text = json.dumps(now, indent=2, ensure_ascii=False)
        problems = _text_problems(text)
    page = (
        shown(group, fields, address=f"{address}?rule={root}", root=root, about="the rule", focus=focus)
        if group
        else None
    )
    if not unfinished and now is not MISSING and isinstance(now, Mapping):
        problems = problems or tuple(says for _, says in check_types(now, fields))
    return ShownRule(builder=page, text=text, words=words(now), unfinished=unfinished, problems=problems)


def filled_in(control: Control, document: Any, data: builder.Submitted, fields: Fields) -> Any:
    """The document with the rule that was sent; as it is while a row of it is not finished."""
    root = root_of(control)
    if texts := data.getlist(control.name):
        return _with_text(control, document, texts[0])
    if not _is_sent(data, root):
        return document
    group = builder.from_form(data, root=root)
    if not group.members:
        return put(document, control.path, MISSING)
    try:
        return put(document, control.path, builder.to_document(group, fields))
    except builder.Unfinished:
        return document


def words(rule: Any) -> str:
    """As people say it; empty for none."""
    if rule is MISSING or not rule:
        return ""
    try:
        compile_condition(rule)
    except BadCondition:
        return "a rule that cannot be read yet"
    return condition_words(rule)


def _rows_sent(data: builder.Submitted, root: str) -> builder.Group | None:
    """The rows as they were sent; None where none were, or more than the builder takes."""
    try:
        return builder.from_form(data, root=root) if _is_sent(data, root) else None
    except builder.CannotBeShown:
        return None


def _is_sent(data: builder.Submitted, root: str) -> bool:
    return bool(data.getlist(f"{root}.group"))


def _group_of(rule: Any, fields: Fields) -> builder.Group | None:
    if rule is MISSING or rule is None:
        return builder.Group()
    if not isinstance(rule, Mapping):
        return None
    try:
        return builder.from_document(rule, fields)
    except builder.CannotBeShown:
        return None


def _missing(group: builder.Group, fields: Fields) -> tuple[str, ...]:
    if not group.members:
        return ()
    try:
        builder.to_document(group, fields)
    except builder.Unfinished as error:
        return tuple(dict.fromkeys(str(error).split("; ")))
    return ()


def _with_text(control: Control, document: Any, text: str) -> Any:
    if not text.strip():
        return put(document, control.path, MISSING)
    try:
        rule = strict_json.loads(text.encode())
    except (strict_json.BadJson, UnicodeEncodeError):
        return document
    return document if rule == value_at(document, control.path) else put(document, control.path, rule)


def _text_problems(text: str) -> tuple[str, ...]:
    try:
        strict_json.loads(text.encode())
    except (strict_json.BadJson, UnicodeEncodeError) as error:
        return (f"This is not JSON that can be read: {error}.",)
    return ()
