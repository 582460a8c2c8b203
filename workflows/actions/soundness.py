"""What a definition must be before it is written: each kind's own checks, one table."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from martechops.lib import liquid
from workflows.engine import metrics, schemas
from workflows.engine.conditions import check_types
from workflows.engine.mapping import BadMapping, compile_mapping
from workflows.engine.naming import BadConvention, compile_convention
from workflows.engine.personal import BadBlock, compile_block
from workflows.engine.scenarios import BadScenario
from workflows.engine.scenarios import read as read_scenario
from workflows.engine.scoring import BadScoring, compile_scoring
from workflows.engine.spec import STAGES
from workflows.queries import documents, segment_rules, segments

#: What is wrong, by attribute.
Problems = dict[str, list[str]]


def check(row: models.Model, *, alone: bool = False) -> None:
    """Raises ValidationError with everything that is wrong with a definition.

    `alone`: no other row is asked for; the database itself holds that it is the only one of its name, and that what it
    refers to is there.
    """
    problems: Problems = {}
    try:
        if alone:
            row.clean_fields(exclude=[part.name for part in row._meta.fields if part.is_relation])
        else:
            row.full_clean()
    except ValidationError as error:
        problems.update(error.message_dict)
    kind = documents.kind_of(row)
    for find in CHECKS.get(kind.name, ()) if kind else ():
        for name, messages in find(row).items():
            problems.setdefault(name, []).extend(messages)
    if problems:
        raise ValidationError(problems)


#: A field is part of paths in rules, and the name of a file.
_FIELD_KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*", re.IGNORECASE | re.ASCII)


def _field(row: Any) -> Problems:
    problems: Problems = {}
    if not _FIELD_KEY.fullmatch(row.key):
        problems["key"] = ["Letters, digits and _, beginning with a letter; a dot between groups, as in consent.email."]
    if not isinstance(row.written_in, list) or any(stage not in STAGES for stage in row.written_in):
        problems["written_in"] = [f"A list of any of {', '.join(STAGES)}."]
    if not isinstance(row.allowed_values, list) or len(set(map(str, row.allowed_values))) != len(row.allowed_values):
        problems["allowed_values"] = ["A list of values, each once."]
    return problems


def _stage(row: Any) -> Problems:
    if isinstance(row.crm_statuses, list) and all(isinstance(status, str) for status in row.crm_statuses):
        return {}
    return {"crm_statuses": ["A list of CRM statuses."]}


def _event_type(row: Any) -> Problems:
    found = schemas.problems(row.schema) if row.schema else []
    problems: Problems = {}
    if found:
        problems["schema"] = [f"{pointer or 'The schema'} {says}"[:400] for pointer, says in found]
    effect = row.consent_effect
    if not isinstance(effect, dict) or any(state not in ("granted", "denied") for state in effect.values()):
        problems["consent_effect"] = ['Channels with granted or denied, such as {"email": "denied"}.']
    return problems


def _convention(row: Any) -> Problems:
    try:
        compile_convention(row.parts, separator=row.separator)
    except BadConvention as error:
        return {"parts": [f"{path} {says}" for path, says in error.problems]}
    return {}


def _scoring(row: Any) -> Problems:
    try:
        compile_scoring(rules=row.rules, half_life_days=row.half_life_days)
    except BadScoring as error:
        return {"rules": [f"{path} {says}" for path, says in error.problems]}
    return {}


def _mapping(row: Any) -> Problems:
    try:
        compile_mapping(key=row.key, rows=row.rows)
    except (BadMapping, TypeError, AttributeError) as error:
        return {"rows": [str(error)]}
    return {}


def _segment(row: Any) -> Problems:
    """No circle, neither by what segments mean now nor by what they would if those in work were agreed as well."""
    fields = segments.field_types()
    for others in (segment_rules.rules(), segment_rules.drafts()):
        if problems := check_types(row.when, fields, segments=others | {row.key: row.when}):
            return {"when": [f"{path}: {says}" for path, says in problems]}
    return {}


def _block(row: Any) -> Problems:
    try:
        compile_block(row.key, choices=row.choices, fallback=row.fallback, segments=segment_rules.drafts())
    except BadBlock as error:
        problems: Problems = {}
        for path, says in error.problems:
            name, _, place = path.partition("[")
            problems.setdefault(name, []).append(f"[{place} {says}" if place else says)
        return problems
    return {}


def _scenario(row: Any) -> Problems:
    parts = {name: getattr(row, name) for name in ("types", "given", "when", "then")}
    problems: Problems = {}
    try:
        read_scenario({"key": row.key, "name": row.name, **parts})
    except BadScenario as error:
        for path, says in error.problems:
            name = next((part for part in parts if path.startswith(part)), "then")
            place = path.removeprefix(name)
            problems.setdefault(name, []).append(f"{place.lstrip('.')} {says}" if place else says)
    return problems


def _metric(row: Any) -> Problems:
    problems: Problems = {}
    try:
        metrics.read(row.type, row.formula)
    except metrics.BadMetric as error:
        for path, says in error.problems:
            problems.setdefault("type" if path == "type" else "formula", []).append(f"{path}: {says}")
    if row.target and not _is_target(row.target):
        problems["target"] = ['A value and, for what is counted, a span: {"value": 400, "per": "month"}.']
    return problems


def _is_target(target: Any) -> bool:
    if not isinstance(target, dict) or set(target) - {"value", "per"}:
        return False
    value = target.get("value")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and target.get("per", "") in ("", "day", "week", "month")


def _template(row: Any) -> Problems:
    problems: Problems = {}
    for name in ("subject", "body"):
        try:
            liquid.check(getattr(row, name))
        except liquid.BadTemplate as error:
            problems[name] = [str(error)]
    return problems


#: Kind of definition → what looks for problems. A check is one function and one entry here.
CHECKS: Mapping[str, Sequence[Callable[[Any], Problems]]] = {
    "field": (_field,),
    "stage": (_stage,),
    "event-type": (_event_type,),
    "mapping": (_mapping,),
    "segment": (_segment,),
    "block": (_block,),
    "template": (_template,),
    "convention": (_convention,),
    "scoring": (_scoring,),
    "scenario": (_scenario,),
    "metric": (_metric,),
}
