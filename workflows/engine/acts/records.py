"""Records and fields: what is known of a contact here and at the far side that keeps records of it."""

from collections.abc import Collection, Mapping
from typing import Any

from ..coercions import CannotCoerce
from ..conditions import Check, value_at
from ..content import CLAIMED
from ..counterfactual.changes import known
from ..decision import StepTrace
from ..effects import LONGEST_CAMPAIGN, FieldWrite, Goal
from ..mapping import CompiledMapping
from ..snapshot import Stage
from ..spec import Step
from ..spelling import in_one_spelling
from ..walk import Lack, Walk, defined

NO_ADDRESS = Lack("there is no e-mail address to find the record by", (known("contact.email", None),))


def upsert_record(walk: Walk, step: Step, checks: tuple[Check, ...]) -> StepTrace:
    """The record, found by its unique key, gets what the mapping makes of the contact."""
    mapping = defined(walk.catalog.mappings, "mapping", step.arguments["mapping"])
    mapped = mapping.apply(walk.facts)
    lacks = [*missing_fields(mapping, mapped.missing), *([] if walk.email else [NO_ADDRESS])]
    fields = dict(mapped.values) | _status(walk)
    bad = [f"{target} {problem}" for target, problem in mapped.violations]
    says = f"{len(fields)} fields to {step.system}" + (f"; left out: {'; '.join(bad)}" if bad else "")
    payload = {"email": walk.email, "fields": fields} | _stays(walk)
    return walk.plan(step, checks, payload=payload, says=says, against=lacks)


def missing_fields(mapping: CompiledMapping, targets: Collection[str]) -> list[Lack]:
    """What a mapping needs and did not find."""
    sources = {row.target: (row.source, row.type) for row in mapping.rows}
    return [
        Lack(f"{target} is missing", (known(sources[target][0], None, _EXAMPLES.get(sources[target][1])),))
        for target in targets
    ]


#: By the type of a mapping's row: something that it could read.
_EXAMPLES: Mapping[str, Any] = {
    "number": 1,
    "boolean": True,
    "date": "2026-11-20",
    "datetime": "2026-11-20T15:00:00+00:00",
    "email": "somebody@example.com",
    "consent": "granted",
    "url": "https://example.com",
    "phone": "+49 30 123456",
}


def set_field(walk: Walk, step: Step, checks: tuple[Check, ...]) -> StepTrace:
    """One field of the subject, as far as the catalog lets this step write it."""
    name, value = step.arguments["field"], step.arguments["value"]
    if walk.subject.get(name) == value:
        return StepTrace(step=step.key, outcome="done", says=f"{name} is {value} already", checks=checks)
    if refused := _claims(walk, name, value) or walk.may_not_write(step, name, value):
        return StepTrace(step=step.key, outcome="withheld", says=refused, checks=checks)
    change = walk.write(step, name, value)
    return StepTrace(step=step.key, outcome="done", says=f"{name} becomes {value}", checks=checks, writes=(change,))


def _claims(walk: Walk, name: str, value: object) -> str | None:
    """Why a step may not say it of a content item: people agree to it, and only publishing makes it published."""
    is_claim = walk.snapshot.kind == "content" and name == "state" and value in CLAIMED
    return f"that it is {value} is not set, but comes of agreeing to it and of publishing it" if is_claim else None


def set_stage(walk: Walk, step: Step, checks: tuple[Check, ...]) -> StepTrace:
    """Move the contact to a stage and the CRM's record with it; backwards only where the step says so."""
    wanted = defined(walk.catalog.stages, "stage", step.arguments["stage"])
    now = walk.catalog.stages.get(walk.facts["contact"].get("lifecycle_stage") or "")
    if now and (now.key == wanted.key or (now.position > wanted.position and not step.arguments.get("backwards"))):
        says = f"stays {now.key}" + ("" if now.key == wanted.key else f", which is further than {wanted.key}")
        return StepTrace(step=step.key, outcome="done", says=says, checks=checks)
    refused = walk.may_not_write(step, "lifecycle_stage", wanted.key)
    writes = () if refused else (walk.write(step, "lifecycle_stage", wanted.key),)
    return walk.plan(
        step,
        checks,
        kind="upsert_record",
        payload={"email": walk.email, "fields": _status(walk)} | _stays(walk),
        says=f"becomes {wanted.key}",
        against=[*([Lack(refused)] if refused else []), *([] if walk.email else [NO_ADDRESS])],
        writes=writes,
    )


def normalise_fields(walk: Walk, step: Step, checks: tuple[Check, ...]) -> StepTrace:
    """Each field in the one spelling of its type; for the whole workspace that is work contact by contact."""
    names = _names(step.arguments["fields"])
    if walk.snapshot.kind != "contact":
        says = f"normalise {', '.join(names)} of all contacts"
        return walk.plan(step, checks, payload={"fields": names}, says=says, inside=True)
    writes: list[FieldWrite] = []
    said: list[str] = []
    for name in names:
        changed = _normalised(walk, step, name)
        if isinstance(changed, FieldWrite):
            writes.append(changed)
            said.append(f"{name} becomes {changed.new}")
        elif changed:
            said.append(changed)
    says = "; ".join(said) or "nothing to normalise"
    return StepTrace(step=step.key, outcome="done", says=says, checks=checks, writes=tuple(writes))


def audience(walk: Walk, step: Step, checks: tuple[Check, ...]) -> StepTrace:
    """Into an audience or out of it, at the system that keeps it."""
    name = step.arguments["audience"]
    missing = [] if walk.email else [Lack("there is no e-mail address to be known by there", NO_ADDRESS.needs)]
    way = "into" if step.action == "add_to_audience" else "out of"
    payload = {"email": walk.email, "audience": name}
    return walk.plan(step, checks, payload=payload, says=f"{way} {name}", against=missing)


def record_conversion(walk: Walk, step: Step, checks: tuple[Check, ...]) -> StepTrace:
    """A goal is reached, and counts once for its campaign."""
    name = step.arguments["name"]
    campaign = str(walk.facts["contact"].get("utm_campaign") or "")[:LONGEST_CAMPAIGN]
    value = _number(walk, step.arguments.get("value"))
    walk.goals.append(Goal(key=walk.key(step), name=name, campaign=campaign, at=walk.at, value=value))
    says = f"{name} counts for {campaign}" if campaign else f"{name} counts, without a campaign"
    says += "" if value is None else f", worth {value:g}"
    return StepTrace(step=step.key, outcome="done", says=says, checks=checks)


def _normalised(walk: Walk, step: Step, name: str) -> FieldWrite | str | None:
    """What was written, why nothing was, or None where the value is as it should be."""
    value, kind = walk.subject.get(name), walk.catalog.types.get(name)
    if value is None or kind is None:
        return None if kind else f"{name} is not in the field catalog"
    try:
        wanted = in_one_spelling(value, kind)
    except (CannotCoerce, KeyError) as error:
        return f"{name} stays: it {error}" if isinstance(error, CannotCoerce) else None
    if wanted == value:
        return None
    if refused := walk.may_not_write(step, name, wanted):
        return refused
    return walk.write(step, name, wanted)


def _number(walk: Walk, written: object) -> float | None:
    """A number, or what stands at the path of one."""
    value = value_at(walk.facts, written) if isinstance(written, str) else written
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _names(written: object) -> list[str]:
    return [written] if isinstance(written, str) else list(written) if isinstance(written, list) else []


def _status(walk: Walk) -> dict[str, str]:
    """The CRM's word for where the contact stands; nothing where there is none."""
    stage = _stage(walk)
    return {"status": stage.crm_status} if stage and stage.crm_status else {}


def _stays(walk: Walk) -> dict[str, dict[str, list[str]]]:
    """Where several words of the CRM mean the stage: a record that has one of them keeps it, whichever we write."""
    stage = _stage(walk)
    return {"stays": {"status": list(stage.crm_statuses)}} if stage and len(stage.crm_statuses) > 1 else {}


def _stage(walk: Walk) -> Stage | None:
    return walk.catalog.stages.get(walk.facts["contact"].get("lifecycle_stage") or "")
