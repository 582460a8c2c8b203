"""What stands beside the form of a definition: what it would make of what really came in, before it is saved."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest

from martechops.lib import clock, windows
from martechops.lib.liquid import BadTemplate
from workflows.engine.naming import BadConvention, BadName, compile_convention
from workflows.engine.personal import BadBlock, compile_block
from workflows.engine.scoring import BadScoring, compile_scoring
from workflows.forms.definitions import DefinitionForm
from workflows.models import Contact, EventType, Source
from workflows.queries import contacts, documents, impact, mappings, messages, score_trials, scores, segment_rules

Context = dict[str, Any]
#: The names of controls that ask this part something begin with it; the definition's form knows none of them.
ASKED = "look."


def context(kind: str, form: DefinitionForm, row: Any, request: HttpRequest) -> Context:
    """The template and what it needs; empty for a kind that nothing stands beside."""
    made = _KINDS.get(kind)
    if made is None:
        return {}
    asked = {name.removeprefix(ASKED): str(text) for name, text in request.POST.items() if name.startswith(ASKED)}
    return {"beside": f"workflows/beside_{kind.replace('-', '_')}.html", "asked": asked, **made(form, row, asked)}


def _attempt(form: DefinitionForm, row: Any, name: str) -> Any:
    """A list as it stands in the form."""
    sheet = form.sheet(name)
    return sheet.attempt() if sheet else getattr(row, name)


def _text(form: DefinitionForm, row: Any, name: str) -> str:
    return str(form.data.get(name, "") if form.is_bound else getattr(row, name) or "")


def _mapping(form: DefinitionForm, row: Any, asked: Mapping[str, str]) -> Context:
    number = windows.row_id(asked.get("source", ""))
    source = Source.objects.filter(pk=number).first() if number else None
    if source is None and "source" not in asked and row.pk:
        source = row.sources.first()
    preview = mappings.preview(_attempt(form, row, "rows"), source=source, at=clock.now())
    return {"preview": preview, "source": source, "sources": Source.objects.all()}


def _convention(form: DefinitionForm, row: Any, asked: Mapping[str, str]) -> Context:
    separator = str(form.data.get("separator", "")) if form.is_bound else row.separator
    try:
        convention = compile_convention(_attempt(form, row, "parts"), separator=separator)
    except BadConvention as error:
        return {"problems": [f"{path} {says}" for path, says in error.problems]}
    name = asked.get("name", "").strip()[:400]
    checks = convention.explain(name) if name else ()
    values = {part.name: asked.get(f"part.{part.name}", "").strip() for part in convention.parts}
    made, refusal = "", ""
    if any(values.values()):
        try:
            made = convention.render({part: value for part, value in values.items() if value})
        except BadName as error:
            refusal = str(error)
    return {
        "convention": convention,
        "tried": name,
        "checks": checks,
        "follows": bool(checks) and all(check.holds for check in checks),
        "parts": [(part, values[part.name]) for part in convention.parts],
        "made": made,
        "refusal": refusal,
    }


def _scoring(form: DefinitionForm, row: Any, asked: Mapping[str, str]) -> Context:
    by_event = dict(EventType.objects.exclude(score_effect=0).values_list("name", "score_effect"))
    days = _text(form, row, "half_life_days").strip()
    found: Context = {"by_event": by_event, **_reader(asked)}
    try:
        wanted = compile_scoring(
            rules=_attempt(form, row, "rules"),
            half_life_days=int(days) if days.isdecimal() and len(days) < 6 else None,
            by_event=by_event,
        )
    except BadScoring as error:
        return found | {"problems": [f"{path} {says}" for path, says in error.problems]}
    if found["contact"]:
        today = scores.compiled()
        found["trial"] = score_trials.trial(found["contact"], wanted=wanted, today=today, at=clock.now())
    return found


def _event_type(form: DefinitionForm, row: Any, asked: Mapping[str, str]) -> Context:
    del asked
    before = documents.document_of(row) if row.pk else {}
    after = before | {"schema": _attempt(form, row, "schema"), "status": row.status}
    return {"impact": impact.of("event-type", row.name, before=before, after=after) if before else None}


def _template(form: DefinitionForm, row: Any, asked: Mapping[str, str]) -> Context:
    reader = _reader(asked)
    contact = reader["contact"]
    facts = contacts.facts_of(contact, scoring=scores.compiled(), at=clock.now()) if contact else {"contact": {}}
    subject, body = _text(form, row, "subject"), _text(form, row, "body")
    preview = messages.preview(subject=subject, body=body, facts=facts) if body else None
    return reader | {"preview": preview}


def _block(form: DefinitionForm, row: Any, asked: Mapping[str, str]) -> Context:
    """What one contact would read, and because of which segment."""
    found = _reader(asked)
    contact = found["contact"]
    fallback = _text(form, row, "fallback")
    if not fallback:
        return found
    try:
        choices = _attempt(form, row, "choices")
        block = compile_block("block", choices=choices, fallback=fallback, segments=segment_rules.drafts())
        facts = contacts.facts_of(contact, scoring=scores.compiled(), at=clock.now()) if contact else {"contact": {}}
        chosen = block.choose({**facts, "now": clock.now()})
        return found | {"chosen": chosen, "text": messages.line(chosen.text, facts)}
    except (BadBlock, BadTemplate) as error:
        return found | {"problem": str(error)}


def _reader(asked: Mapping[str, str]) -> Context:
    """Whom it is tried with: the one that is named by e-mail, or chosen among the latest; else the very latest."""
    email = asked.get("email", "").strip().lower()
    number = windows.row_id(asked.get("contact", ""))
    latest = list(Contact.objects.exclude(email=None).order_by("-updated_at", "-pk")[:20])
    named = Contact.objects.filter(email=email).first() if email else None
    chosen = Contact.objects.filter(pk=number).first() if number else None
    return {
        "contacts": latest,
        "contact": named or chosen or (latest[0] if latest else None),
        "email": email,
        "is_stranger": bool(email) and named is None,
    }


_KINDS: Mapping[str, Callable[[DefinitionForm, Any, Mapping[str, str]], Context]] = {
    "mapping": _mapping,
    "convention": _convention,
    "scoring": _scoring,
    "event-type": _event_type,
    "block": _block,
    "template": _template,
}
