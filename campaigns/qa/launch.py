"""Everything that the checks look at, as plain data of one instant."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from workflows.engine.conditions import FieldType
from workflows.engine.mapping import CompiledMapping
from workflows.engine.naming import Convention
from workflows.engine.spec import Spec, Step

from .pages import Form


@dataclass(frozen=True, slots=True)
class Template:
    """A message template, or a content item's text: what people read."""

    key: str
    #: As a person calls it: "template Welcome".
    name: str
    #: "email", "in_app", "chat", or "page" for content that is published.
    channel: str
    subject: str
    body: str
    at: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """An address that people are led to, and where it stands."""

    url: str
    place: str
    at: str = ""

    @property
    def tags(self) -> Mapping[str, str]:
        """Its query parameters, the last of each name."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Visit:
    """What an address answered when it was last asked."""

    url: str
    at: datetime
    #: Of the last answer; None where none came.
    status: int | None
    #: Where redirects led.
    final_url: str = ""
    #: Why there was no good answer, in words.
    problem: str = ""
    forms: tuple[Form, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the recent leads of a workflow had a value in a field."""

    present: int
    of: int

    @property
    def share(self) -> float:
        return self.present / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True)
class Rendering:
    """A template filled in for sampled people."""

    template: str
    of: int
    #: Path → how many of them had no value there.
    missing: Mapping[str, int] = field(default_factory=dict)
    #: Why it cannot be rendered, with for how many.
    problems: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proof:
    """One step that writes to people, rehearsed with consent and without."""

    workflow: str
    step: str
    channel: str
    #: Why no lead could be made up that comes to the step; empty where one was.
    unreached: str = ""
    #: What happened to leads who never said anything, and to those who said no: sent, or why not.
    without: Mapping[str, str] = field(default_factory=dict)
    #: Sent although the ledger did not say yes at that moment.
    sent_anyway: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """A scenario that was played on a workflow."""

    workflow: str
    name: str
    holds: bool
    #: What happened instead, where it does not hold.
    says: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """An error or warning of the lint."""

    workflow: str
    code: str
    severity: str
    says: str
    fix: str
    at: str


@dataclass(frozen=True, slots=True)
class Workflow:
    """One workflow of the launch."""

    key: str
    name: str
    spec: Spec
    #: By dotted path of the contact, over the leads of the last 30 days.
    coverage: Mapping[str, Coverage] = field(default_factory=dict)
    at: str = ""

    def acts(self, *actions: str) -> Iterator[Step]:
        """Its steps that do one of these."""
        return (step for step in self.spec.steps if step.action in actions)


@dataclass(frozen=True, slots=True)
class Launch:
    """What goes live together: a campaign, or one version of a workflow."""

    name: str
    at: datetime
    workflows: tuple[Workflow, ...]
    templates: Mapping[str, Template] = field(default_factory=dict)
    mappings: Mapping[str, CompiledMapping] = field(default_factory=dict)
    #: Mappings by which forms become contacts.
    intake: tuple[CompiledMapping, ...] = ()
    links: tuple[Link, ...] = ()
    visits: Mapping[str, Visit] = field(default_factory=dict)
    #: Addresses of pages whose forms begin the workflows.
    landing_pages: tuple[Link, ...] = ()
    #: What each UTM parameter has to be for this campaign; empty where any that follows the convention will do.
    utm: Mapping[str, str] = field(default_factory=dict)
    #: By what they are for: "campaign", "utm", "channel".
    conventions: Mapping[str, tuple[Convention, ...]] = field(default_factory=dict)
    fields: Mapping[str, FieldType] = field(default_factory=dict)
    renderings: tuple[Rendering, ...] = ()
    proofs: tuple[Proof, ...] = ()
    trials: tuple[Trial, ...] = ()
    findings: tuple[Finding, ...] = ()
    #: Fields that the playbook needs, each with what for.
    required: tuple[tuple[str, str], ...] = ()
    #: How many of the recent leads have each of them.
    required_coverage: Mapping[str, Coverage] = field(default_factory=dict)
