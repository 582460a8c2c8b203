"""A playbook's document read: every place that is wrong is said at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from workflows.engine.schemas import CompiledSchema, compile_schema

from . import tokens
from .parameters import BadValue, BadValues, Parameter
from .schema import SCHEMA

#: Known without being asked for: the key of what is made, the campaign's name, its team, its start and its end.
GIVEN = ("key", "campaign", "owner", "starts_at")
#: Kinds of documents that a launch can have of its own, and share.
OWN_KINDS = ("segment", "template", "mapping", "workflow")
SHARED_KINDS = ("event-type", "field", "mapping")


class BadPattern(ValueError):
    """The document is no playbook; `problems` lists every place with what is wrong there."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{place}: {says}" if place else says for place, says in problems))


@dataclass(frozen=True, slots=True)
class Requirement:
    """A field that must be there before the launch, and what for."""

    field: str
    why: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """A playbook ready to be filled in."""

    key: str
    name: str
    summary: str
    prefix: str
    parameters: tuple[Parameter, ...]
    campaign: Mapping[str, Any]
    creates: tuple[Mapping[str, Any], ...]
    icon: str = "notebook-text"
    requires: tuple[Requirement, ...] = ()
    #: Tokens or keys of teams.
    approvers: tuple[str, ...] = ()
    #: What a person looks at and signs: says, team, blocking.
    checks: tuple[Mapping[str, Any], ...] = ()
    content: tuple[Mapping[str, Any], ...] = ()
    shared: tuple[Mapping[str, Any], ...] = ()

    def values(self, said: Mapping[str, Any], *, timezone: str = "UTC") -> dict[str, Any]:
        """Typed values of all parameters, defaults filled in. Raises BadValues with everything that does not fit."""
        found: dict[str, Any] = {}
        problems = {str(key): "There is no such parameter." for key in set(said) - {one.key for one in self.parameters}}
        for parameter in self.parameters:
            wanted = said.get(parameter.key)
            if wanted is None or wanted == "":
                wanted = self._default(parameter, found, timezone)
            if wanted is None or wanted == "":
                # One that would follow from another that does not fit is not asked for besides.
                if parameter.required and not problems.keys() & {name for name, _ in tokens.named(parameter.default)}:
                    problems[parameter.key] = "This is needed."
                found[parameter.key] = ""
                continue
            try:
                found[parameter.key] = parameter.read(wanted, timezone=timezone)
            except BadValue as error:
                problems[parameter.key] = f"It must be {error}."
        if problems:
            raise BadValues(problems)
        return found

    def _default(self, parameter: Parameter, before: Mapping[str, Any], timezone: str) -> Any:
        try:
            return tokens.fill(parameter.default, tokens.Values(before, timezone=timezone))
        except tokens.UnknownToken:  # of a parameter that does not fit itself: that is said there
            return None


def read(document: Any) -> Pattern:
    """Raises BadPattern."""
    problems = (
        [(fault.pointer, fault.says) for fault in _shape().faults(document)]
        if isinstance(document, dict)
        else [("", "must be a mapping")]
    )
    if problems:
        raise BadPattern(problems)
    pattern = Pattern(
        key=document["key"],
        name=document["name"],
        summary=document["summary"],
        prefix=document["prefix"],
        parameters=tuple(_parameter(row) for row in document["parameters"]),
        campaign=document["campaign"],
        creates=tuple(document["creates"]),
        icon=document.get("icon", "notebook-text"),
        requires=tuple(Requirement(**row) for row in document.get("requires", ())),
        approvers=tuple(document["approvers"]),
        checks=tuple(document.get("checks", ())),
        content=tuple(document.get("content", ())),
        shared=tuple(document.get("shared", ())),
    )
    if wrong := [*_wrong_parameters(pattern), *_wrong_tokens(pattern), *_wrong_kinds(pattern)]:
        raise BadPattern(wrong)
    return pattern


@cache
def _shape() -> CompiledSchema:
    return compile_schema(SCHEMA, closed=False)


def _parameter(row: Mapping[str, Any]) -> Parameter:
    return Parameter(**{**row, "choices": tuple(row.get("choices", ()))})


def _wrong_parameters(pattern: Pattern) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for parameter in pattern.parameters:
        at = f"parameters.{parameter.key}"
        if parameter.key in seen or parameter.key in GIVEN:
            yield at, "stands there twice, or is known without being asked for"
        if (parameter.type == "choice") != bool(parameter.choices):
            yield at, "a choice names its choices, and nothing else does"
        for name, _ in tokens.named(parameter.default):
            if name not in seen:
                yield f"{at}.default", f"[[{name}]] is no parameter before it"
        seen.add(parameter.key)


def _wrong_tokens(pattern: Pattern) -> Iterator[tuple[str, str]]:
    known = {parameter.key for parameter in pattern.parameters} | set(GIVEN)
    for part in ("prefix", "campaign", "content", "approvers", "checks", "shared", "creates"):
        for name, form in dict.fromkeys(tokens.named(getattr(pattern, part))):
            if name not in known:
                yield part, f"[[{name}]] is no parameter; there are {', '.join(sorted(known))}"
            elif form and form not in tokens.FORMS:
                yield part, f"[[{name}.{form}]]: a value can be written as {', '.join(tokens.FORMS)}"


def _wrong_kinds(pattern: Pattern) -> Iterator[tuple[str, str]]:
    for part, kinds in (("creates", OWN_KINDS), ("shared", SHARED_KINDS)):
        for at, document in enumerate(getattr(pattern, part)):
            if document["kind"] not in kinds:
                yield f"{part}[{at}].kind", f"must be one of {', '.join(kinds)}"
    for at, document in enumerate(pattern.creates):
        if not str(document["key"]).startswith("[[key]]"):
            yield f"creates[{at}].key", "must begin with [[key]]: each launch has its own"
