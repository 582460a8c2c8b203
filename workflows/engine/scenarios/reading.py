"""From a document to a scenario and back, with everything that is wrong told at its place.

>>> found = read({"key": "k", "name": "n", "when": [{"event": "Demo Requested", "after": "2 days"}],
...     "then": [{"done": "welcome", "times": 0}]})
>>> str(found.when[0].after), found.then[0].times
('2 days', 'never')
>>> read(write(found)) == found
True
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..durations import BadDuration, Duration, parse
from ..spec import TYPES
from .scenario import ANSWERS, AT_ONCE, BARE, CLAIMS, DEEDS, EMAIL, LEADS, OPTIONAL, Claim, Given, Moment, Scenario

MOST_MOMENTS = 50
MOST_CLAIMS = 50
EVERYTHING = "everything"
#: What is claimed by name and looked for by `workflows.rehearsal.invariants`: each holds of every story.
INVARIANTS: Mapping[str, str] = {
    "no-duplicates": "nothing is done twice",
    "consent": "nothing is sent without consent",
    "required-fields": "nothing is done while a field that it needs is missing",
    "stages-forward": "no step moves somebody back unless it says so",
    "caps": "no more is sent than a step allows",
    "windows": "nothing arrives outside its hours",
    "entries": "nobody enters more often than the entry rule lets them",
    "reasons": "whatever is withheld or stopped says why",
    "no-failures": "no run fails",
    "no-loops": "nothing sets itself off without end",
    "ends": "every run ends",
}
_STATES = ("done", "waiting", "stopped", "failed")
_CONSENT = ("granted", "denied")
_GIVEN = ("lead", "email", "stage", "score", "consent", "fields", "known_as", "known", "people", "starts")
_OF_DEED: Mapping[str, tuple[str, ...]] = {
    "event": ("properties", "late", "again", "source"),
    "begins": ("properties", "without", "late", "again"),
    "answers": ("step",),
}
_OF_CLAIM: Mapping[str, tuple[str, ...]] = {
    "done": ("times", "after", "within"),
    "withheld": ("because", "times", "after", "within"),
    "field": ("is", "after"),
    "stage": ("after",),
    "ends": ("step",),
}


class BadScenario(ValueError):
    """It cannot be played; `problems` lists every place with what is wrong there."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{path}: {says}" if path else says for path, says in problems))


def read(document: Mapping[str, Any]) -> Scenario:
    """Raises `BadScenario` with every problem at once."""
    reading = _Reading()
    found = Scenario(
        key=str(document.get("key") or ""),
        name=str(document.get("name") or ""),
        says=str(document.get("says") or ""),
        workflow=str(document.get("workflow") or ""),
        types=tuple(_types(document.get("types") or [], reading)),
        given=_given(document.get("given") or {}, reading),
        when=tuple(_each(document.get("when") or [], "when", MOST_MOMENTS, _moment, reading)),
        then=tuple(_each(document.get("then") or [], "then", MOST_CLAIMS, _claim, reading)),
    )
    if not found.when:
        reading.wrong("when", "something has to happen")
    if not found.then:
        reading.wrong("then", "something has to be expected")
    if reading.problems:
        raise BadScenario(reading.problems)
    return found


def write(scenario: Scenario) -> dict[str, Any]:
    """The parts of its document that `read` makes the same of."""
    return {
        "key": scenario.key,
        "name": scenario.name,
        "says": scenario.says,
        "workflow": scenario.workflow or None,
        "types": list(scenario.types),
        "given": given_document(scenario.given),
        "when": [moment_document(moment) for moment in scenario.when],
        "then": [claim_document(claim) for claim in scenario.then],
    }


def given_document(given: Given) -> dict[str, Any]:
    """Only what says something."""
    said: dict[str, Any] = {
        "lead": given.lead if given.lead != LEADS[0] else None,
        "stage": given.stage,
        "score": given.score or None,
        "consent": dict(given.consent),
        "fields": dict(given.fields),
        "known_as": dict(given.known_as),
        "people": "agree" if given.agreeable else None,
        "starts": given.starts.isoformat() if given.starts else None,
    }
    document = {name: value for name, value in said.items() if value not in (None, {})}
    if given.email != EMAIL:
        document["email"] = given.email
    if not given.known:
        document["known"] = False
    return document


def moment_document(moment: Moment) -> dict[str, Any]:
    """As a file has it."""
    after: dict[str, Any] = {} if moment.after == AT_ONCE else {"after": str(moment.after)}
    if moment.does in ("consent", "sets"):
        return after | {moment.does: dict(moment.values)}
    document: dict[str, Any] = after | {moment.does: True if moment.does == "begins" else moment.name}
    if moment.values:
        document["properties"] = dict(moment.values)
    if moment.without:
        document["without"] = OPTIONAL if moment.without == (OPTIONAL,) else list(moment.without)
    said = {"late": str(moment.late) if moment.late else None, "again": moment.again or None}
    said |= {"source": moment.source or None, "step": moment.step or None}
    return document | {name: value for name, value in said.items() if value is not None}


def claim_document(claim: Claim) -> dict[str, Any]:
    """As a file has it."""
    document: dict[str, Any] = {claim.kind: (claim.what or None) if claim.kind == "stage" else claim.what}
    if claim.kind == "enters":
        return {"enters": _times_document(claim)}
    if claim.kind == "nothing_else":
        return {"nothing_else": True}
    if claim.kind == "field":
        document["is"] = claim.value
    usual = (1, 1) if claim.kind == "done" else (1, None)
    if claim.kind in ("done", "withheld") and (claim.at_least, claim.at_most) != usual:
        document["times"] = _times_document(claim)
    said = {"because": claim.because, "step": claim.step}
    said |= {name: str(span) for name, span in (("after", claim.after), ("within", claim.within)) if span}
    return document | {name: value for name, value in said.items() if value}


def _times_document(claim: Claim) -> int | dict[str, int]:
    if claim.at_least == claim.at_most:
        return claim.at_least
    bounds = {"at_least": claim.at_least} if claim.at_least else {}
    return bounds if claim.at_most is None else bounds | {"at_most": claim.at_most}


@dataclass(slots=True)
class _Reading:
    """What is wrong, as it is found."""

    problems: list[tuple[str, str]] = field(default_factory=list)

    def wrong(self, path: str, says: str) -> None:
        self.problems.append((path, says))

    def known(self, document: Mapping[str, Any], names: Sequence[str], path: str) -> None:
        for name in document:
            if name not in names:
                at = f"{path}.{name}" if path else str(name)
                self.wrong(at, f"is not known here; known are {', '.join(names)}")

    def one_of(self, value: Any, known: Sequence[str], path: str) -> str:
        if value not in known:
            self.wrong(path, f"must be one of {', '.join(known)}")
            return known[0]
        return str(value)

    def span(self, value: Any, path: str) -> Duration | None:
        if value is None:
            return None
        try:
            return AT_ONCE if value == 0 else parse(value)
        except BadDuration as error:
            self.wrong(path, str(error))
            return None

    def mapping(self, value: Any, path: str) -> Mapping[str, Any]:
        if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
            self.wrong(path, "must be names with their values")
            return {}
        return value

    def text(self, value: Any, path: str, says: str) -> str:
        if not isinstance(value, str) or not value.strip():
            self.wrong(path, says)
            return ""
        return value


def _types(types: Any, reading: _Reading) -> Iterator[str]:
    if not isinstance(types, list | tuple):
        reading.wrong("types", "must be a list of types of workflows")
        return
    for i, one in enumerate(types):
        yield reading.one_of(one, TYPES, f"types[{i}]")


def _given(document: Any, reading: _Reading) -> Given:
    said = reading.mapping(document, "given")
    reading.known(said, _GIVEN, "given")
    email, score, known = said.get("email", EMAIL), said.get("score") or 0, said.get("known", True)
    lead = reading.one_of(said.get("lead", LEADS[0]), LEADS, "given.lead")
    if email is not None and not isinstance(email, str):
        reading.wrong("given.email", "must be an address, or nothing for somebody without one")
    if isinstance(score, bool) or not isinstance(score, int | float):
        reading.wrong("given.score", "must be a number")
        score = 0
    if not isinstance(known, bool):
        reading.wrong("given.known", "must be true or false")
    return Given(
        lead=lead,
        email=email,
        stage=said.get("stage"),
        score=score,
        consent=_consent(said.get("consent") or {}, "given.consent", reading),
        fields=dict(reading.mapping(said.get("fields") or {}, "given.fields")),
        known_as={
            name: str(value) for name, value in reading.mapping(said.get("known_as") or {}, "given.known_as").items()
        },
        known=bool(known) and lead != BARE,
        agreeable=reading.one_of(said.get("people", "silent"), ("silent", "agree"), "given.people") == "agree",
        starts=_instant(said.get("starts"), reading),
    )


def _instant(value: Any, reading: _Reading) -> datetime | None:
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        reading.wrong("given.starts", "must be an instant with its zone, such as 2026-03-02T09:00:00+00:00")
        return None
    return at


def _consent(document: Any, path: str, reading: _Reading) -> Mapping[str, str]:
    said = reading.mapping(document, path)
    return {channel: reading.one_of(state, _CONSENT, f"{path}.{channel}") for channel, state in said.items()}


Part = Callable[[Mapping[str, Any], str, _Reading], Any]


def _each(rows: Any, name: str, most: int, make: Part, reading: _Reading) -> Iterator[Any]:
    if not isinstance(rows, list | tuple):
        reading.wrong(name, "must be a list")
        return
    if len(rows) > most:
        reading.wrong(name, f"at most {most}")
    for i, row in enumerate(rows):
        path = f"{name}[{i}]"
        if not isinstance(row, Mapping):
            reading.wrong(path, "must be names with their values")
        elif (made := make(row, path, reading)) is not None:
            yield made


def _the_one(row: Mapping[str, Any], kinds: Sequence[str], path: str, reading: _Reading) -> str | None:
    """Which of several it says; it says exactly one."""
    found = [kind for kind in kinds if kind in row]
    if len(found) != 1:
        says = "says two things" if found else "says nothing"
        reading.wrong(path, f"{says}; it takes one of {', '.join(kinds)}")
        return None
    return found[0]


def _moment(row: Mapping[str, Any], path: str, reading: _Reading) -> Moment | None:
    does = _the_one(row, DEEDS, path, reading)
    if does is None:
        return None
    reading.known(row, ("after", does, *_OF_DEED.get(does, ())), path)
    name, values = _deed(does, row, path, reading)
    without = row.get("without") or ()
    if not isinstance(without, str | list | tuple):
        reading.wrong(f"{path}.without", f"must be {OPTIONAL}, or a list of properties")
        without = ()
    return Moment(
        does=does,
        after=reading.span(row.get("after"), f"{path}.after") or AT_ONCE,
        name=name,
        values=values,
        without=(without,) if isinstance(without, str) else tuple(map(str, without)),
        late=reading.span(row.get("late"), f"{path}.late"),
        again=row.get("again") is True,
        source=str(row.get("source") or ""),
        step=str(row.get("step") or ""),
    )


def _deed(does: str, row: Mapping[str, Any], path: str, reading: _Reading) -> tuple[str, Mapping[str, Any]]:
    """What it names, and the values that it brings."""
    said, at = row[does], f"{path}.{does}"
    if does == "consent":
        return "", _consent(said, at, reading)
    if does == "sets":
        return "", dict(reading.mapping(said, at))
    if does == "answers":
        return reading.one_of(said, ANSWERS, at), {}
    properties = dict(reading.mapping(row.get("properties") or {}, f"{path}.properties"))
    if does == "begins":
        if said is not True:
            reading.wrong(at, "must be true: the workflow says what begins it")
        return "", properties
    words = {"event": "must name an event", "unsubscribes": "must name a channel", "stage": "must name a stage"}
    return reading.text(said, at, words[does]), properties


def _claim(row: Mapping[str, Any], path: str, reading: _Reading) -> Claim | None:
    kind = _the_one(row, CLAIMS, path, reading)
    if kind is None:
        return None
    reading.known(row, (kind, *_OF_CLAIM.get(kind, ())), path)
    times = row["enters"] if kind == "enters" else row.get("times")
    at_least, at_most = _times(times, 1, None if kind == "withheld" else 1, f"{path}.times", reading)
    return Claim(
        kind=kind,
        what=_what(kind, row[kind], f"{path}.{kind}", reading),
        at_least=at_least,
        at_most=at_most,
        value=row.get("is"),
        because=str(row.get("because") or ""),
        after=reading.span(row.get("after"), f"{path}.after"),
        within=reading.span(row.get("within"), f"{path}.within"),
        step=str(row.get("step") or ""),
    )


def _what(kind: str, said: Any, path: str, reading: _Reading) -> str:
    match kind:
        case "enters":
            return ""
        case "nothing_else":
            if said is not True:
                reading.wrong(path, "must be true")
            return ""
        case "ends":
            return reading.one_of(said, _STATES, path)
        case "holds":
            return reading.one_of(said, (EVERYTHING, *INVARIANTS), path)
        case "stage" if said is None:
            return ""
        case _:
            return reading.text(said, path, "must be a name")


def _times(said: Any, least: int, most: int | None, path: str, reading: _Reading) -> tuple[int, int | None]:
    if said is None:
        return least, most
    if isinstance(said, int) and not isinstance(said, bool) and said >= 0:
        return said, said
    if isinstance(said, Mapping) and said and set(said) <= {"at_least", "at_most"}:
        bounds = (said.get("at_least", 0), said.get("at_most"))
        if all(one is None or (isinstance(one, int) and not isinstance(one, bool) and one >= 0) for one in bounds):
            return int(bounds[0]), bounds[1]
    reading.wrong(path, "must be a number, or at_least and at_most with one")
    return least, most
