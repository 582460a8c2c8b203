"""What a playbook would make with these parameters, before anything is made: the preview and the plan are one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from campaigns import pattern
from campaigns.models import Campaign, PlaybookVersion
from campaigns.pattern import Pattern, Values
from campaigns.pattern.tokens import slug
from campaigns.queries import conventions
from martechops.people.models import Team
from workflows.engine.naming import BadName
from workflows.models import ContentItem, MessageTemplate, Segment, Workflow
from workflows.queries import documents, work_calendar
from workflows.workspace import exporting, kinds, planning
from workflows.workspace.kinds import Name
from workflows.workspace.planning import Change, Verb

#: Keys of segments, templates and workflows take 50 characters; endings of a playbook's parts need the rest.
LONGEST_KEY = 36


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """Everything that would be made, or why it cannot be."""

    pattern: Pattern
    #: By the naming convention; empty where no name can be made.
    name: str
    brief: str
    channels: tuple[str, ...]
    starts_at: datetime | None
    utm: Mapping[str, str]
    #: Key of the segment.
    audience: str
    #: New definitions and workflows. What is shared and there already is not among them.
    changes: tuple[Change, ...]
    #: Shared definitions that are there already and stay as they are: kind and key.
    used: tuple[str, ...]
    content: tuple[Mapping[str, Any], ...]
    approvers: tuple[str, ...]
    checks: tuple[Mapping[str, Any], ...]
    #: What was said, with defaults, as plain data: what the campaign remembers.
    parameters: Mapping[str, Any]
    problems: tuple[str, ...] = ()

    def made(self, kind: str) -> list[Mapping[str, Any]]:
        """The documents of that kind."""
        return [change.after or {} for change in self.changes if change.name.kind == kind]

    def campaign(self, owner: Team) -> Campaign:
        """The row that it would be, not saved; its audience is there once the rest is."""
        return Campaign(
            name=self.name,
            brief=self.brief,
            channels=list(self.channels),
            owner=owner,
            starts_at=self.starts_at,
            utm=dict(self.utm),
        )


def plan(*, version: PlaybookVersion, said: Mapping[str, Any], owner: Team, at: datetime) -> LaunchPlan:
    """Nothing is written. Raises BadValues; whatever else stands against it is among the plan's problems."""
    found = pattern.read(version.content)
    timezone = work_calendar.calendar().timezone
    typed = found.values(said, timezone=timezone)
    starts_at = next((value for value in typed.values() if isinstance(value, datetime)), None)
    plain = typed | {"owner": owner.key, "starts_at": starts_at}
    problems: list[str] = []
    key = _free_key(slug(str(pattern.fill(found.prefix, Values(plain, timezone=timezone))))[:LONGEST_KEY].strip("-"))
    name = _name(found, Values(plain, timezone=timezone), problems)
    utm = pattern.fill(found.campaign.get("utm", {}), Values(plain | {"key": key, "campaign": name}, timezone=timezone))
    utm = {"campaign": name, **utm}
    values = Values(plain | {"key": key, "campaign": name}, utm=utm, timezone=timezone)
    changes, used = _changes(found, values, at, problems)
    said_of = pattern.fill(dict(found.campaign), values)
    return LaunchPlan(
        pattern=found,
        name=name,
        brief=str(said_of["brief"]).strip(),
        channels=tuple(said_of["channels"]),
        starts_at=starts_at,
        utm=utm,
        audience=said_of["audience"],
        changes=changes,
        used=used,
        content=tuple(pattern.fill(list(found.content), values)),
        approvers=tuple(pattern.fill(list(found.approvers), values)),
        checks=tuple(pattern.fill(list(found.checks), values)),
        parameters={name: value.isoformat() if isinstance(value, datetime) else value for name, value in typed.items()},
        problems=tuple(dict.fromkeys(problems)),
    )


def _name(found: Pattern, values: Values, problems: list[str]) -> str:
    """By the convention in force, with the parts that it has; all parts in their order where none is."""
    parts = pattern.fill(dict(found.campaign["name"]), values)
    convention = conventions.in_force("campaign")
    if convention is None:
        return "_".join(str(part) for part in parts.values())
    try:
        name = convention.render({part.name: parts.get(part.name) for part in convention.parts})
    except BadName as error:
        problems.append(f"No campaign name by {convention.example()}: {error}.")
        return ""
    if Campaign.objects.filter(name=name).exists():
        problems.append(f"There is a campaign {name} already: say something else for what names it.")
    return name


def _free_key(key: str) -> str:
    """The key, or with a number behind it where something is called so already. Four queries."""
    taken = [
        name
        for model in (Segment, MessageTemplate, Workflow, ContentItem)
        for name in model._default_manager.filter(key__startswith=key).values_list("key", flat=True)
    ]
    candidates = (key if number == 1 else f"{key}{number}" for number in count(1))
    return next(one for one in candidates if not any(name.startswith(f"{one}-") for name in taken))


def _changes(
    found: Pattern, values: Values, at: datetime, problems: list[str]
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """What the documents would add, by the plan that bringing in files makes; its problems in words."""
    shared = {kinds.name_of(one): one for one in pattern.fill(list(found.shared), values)}
    there = _there(shared)
    wanted = {name: one for name, one in shared.items() if name not in there}
    wanted |= {kinds.name_of(one): one for one in pattern.fill(list(found.creates), values)}
    paths = kinds.paths(wanted)
    files = {paths[name]: exporting.text(one, path=paths[name]) for name, one in wanted.items()}
    planned = planning.plan(files, by="playbook", at=at)
    problems += [f"{problem.says}." for problem in planned.problems]
    problems += [f"There is a {change.name} already." for change in planned.changes if change.verb is not Verb.ADD]
    return planned.changes, tuple(str(name) for name in shared if name in there)


def _there(names: Iterable[Name]) -> set[Name]:
    """Those of them that the installation has. A query a kind."""
    by_kind: dict[str, list[Name]] = {}
    for name in names:
        by_kind.setdefault(name.kind, []).append(name)
    found: set[Name] = set()
    for kind, wanted in by_kind.items():
        defined = documents.KINDS[kind]
        keys = defined.model._default_manager.filter(**{f"{defined.key}__in": [name.key for name in wanted]})
        found |= {Name(kind, key) for key in keys.values_list(defined.key, flat=True)}
    return found
