"""Everything that the checks of a launch look at, read from the database and rehearsed in memory."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from campaigns import naming
from campaigns.models import PageVisit
from campaigns.qa.launch import Coverage, Finding, Launch, Link, Proof, Rendering, Template, Trial, Visit, Workflow
from campaigns.qa.needs import routing_needs
from campaigns.qa.pages import Form, FormField
from martechops.lib import digest, liquid
from martechops.lib.liquid import BadTemplate
from workflows.engine import personal
from workflows.engine.conditions import value_at
from workflows.engine.mapping import BadMapping, CompiledMapping, compile_mapping
from workflows.engine.naming import BadConvention, Convention, compile_convention
from workflows.engine.personal import CompiledBlock
from workflows.engine.spec import Spec
from workflows.models import Mapping as MappingRow
from workflows.models import MessageTemplate, NamingConvention, Source, System, Version
from workflows.queries import blocks, lint, live, messages, segments
from workflows.rehearsal import candidates, leads
from workflows.rehearsal import versions as rehearsed

from . import naming_changes, recent_leads, short_links, wordings

#: People that each template is filled in for.
_SAMPLED = 50
#: Whom a message without consent is tried on.
_WITHOUT = (("who never said anything", None), ("who said no", "denied"))


@dataclass(frozen=True, slots=True)
class Around:
    """What a campaign adds to its workflows."""

    #: Templates and content items besides those that the workflows name.
    texts: tuple[Template, ...] = ()
    links: tuple[Link, ...] = ()
    landing_pages: tuple[Link, ...] = ()
    #: What each UTM parameter has to be.
    utm: tuple[tuple[str, str], ...] = ()
    #: People of the audience, as templates see them; empty: the recent leads.
    audience: tuple[Mapping[str, Any], ...] = ()
    #: Fields that the playbook needs, each with what for.
    required: tuple[tuple[str, str], ...] = ()


def gather(versions: Sequence[Version], *, name: str, at: datetime, around: Around | None = None) -> Launch:
    """A launch of these versions together. Raises `BadSpec` for one that cannot be read."""
    around = around or Around()
    today = live.today()
    specs = {version: live.spec_of(version, today) for version in versions}
    mappings = _mappings()
    texts = {text.key: text for text in (*_templates(specs.values()), *around.texts)}
    read = [*texts.values(), *_wordings(texts.values())]
    links = _led((*around.links, *(link for text in read for link in links_of(text))))
    people = {version: recent_leads.of(spec, at=at) for version, spec in specs.items()}
    everybody = list(around.audience) or [one for found in people.values() for one in found]
    known = blocks.compiled()
    return Launch(
        name=name,
        at=at,
        workflows=tuple(_workflow(version, spec, mappings, people[version]) for version, spec in specs.items()),
        templates=texts,
        mappings={key: mapping for key, mapping in mappings.items() if key in _used(specs.values())},
        intake=_intake(mappings),
        links=links,
        landing_pages=around.landing_pages,
        visits=_visits({link.url for link in (*links, *around.landing_pages)}),
        utm=dict(around.utm),
        conventions=conventions(at=at),
        fields=segments.field_types(),
        renderings=tuple(
            _rendering(text, everybody[:_SAMPLED], known) for text in texts.values() if text.channel != "page"
        ),
        proofs=tuple(proof for version, spec in specs.items() for proof in _proofs(version, spec, texts, at)),
        trials=tuple(one for version in versions for one in _trials(version)),
        findings=tuple(_findings(specs)),
        required=around.required,
        required_coverage=recent_leads.coverage(everybody, [path for path, _ in around.required]),
    )


def addresses(launch: Launch) -> set[str]:
    """What has to be visited before the checks can say anything of it."""
    return {link.url for link in (*launch.links, *launch.landing_pages) if naming.is_fixed(link.url)}


def links_of(text: Template) -> Iterator[Link]:
    """Addresses in a text, as the registry of links finds them."""
    return (Link(found, text.name, text.at) for found in naming.addresses(text.body))


def _led(links: Sequence[Link]) -> tuple[Link, ...]:
    """Short addresses of ours as the ones that they lead to: those are tagged and visited."""
    short = short_links.behind(link.url for link in links)
    return tuple(replace(link, url=short[link.url].address) if link.url in short else link for link in links)


def _workflow(
    version: Version, spec: Spec, mappings: Mapping[str, CompiledMapping], people: Sequence[Mapping[str, Any]]
) -> Workflow:
    paths = [need.path for need in routing_needs(spec, mappings)]
    covered: dict[str, Coverage] = recent_leads.coverage(people, paths)
    return Workflow(spec.key, spec.name, spec, covered, f"/workflows/{spec.key}/edit/")


def _templates(specs: Iterable[Spec]) -> Iterator[Template]:
    writing = [step for spec in specs for step in spec.steps if step.action == "send_message"]
    keys = {str(step.arguments.get("template")) for step in writing}
    for row in MessageTemplate.objects.filter(key__in=keys):
        at = f"/vocabulary/template/{row.pk}/edit/"
        yield Template(row.key, f"template {row.name}", row.channel, row.subject, row.body, at)


def _wordings(texts: Iterable[Template]) -> Iterator[Template]:
    """What some of their readers get to see: every wording of the blocks that they name."""
    liquid_ones = (text.body for text in texts if text.channel != "page")
    for one in wordings.named_in(liquid_ones):
        yield Template(one.key, one.name, "page", "", one.body, one.at)


def _mappings() -> dict[str, CompiledMapping]:
    found = {}
    for row in MappingRow.objects.all():
        try:
            found[row.key] = compile_mapping(key=row.key, rows=row.rows)
        except BadMapping:  # the lint says so, where it is used
            continue
    return found


def _used(specs: Iterable[Spec]) -> set[str]:
    return {str(step.arguments["mapping"]) for spec in specs for step in spec.steps if "mapping" in step.arguments}


def _intake(mappings: Mapping[str, CompiledMapping]) -> tuple[CompiledMapping, ...]:
    """What reads what people fill in; what the CRM tells of its own records is not among it."""
    doors = Source.objects.filter(enabled=True, mapping__isnull=False).exclude(system__kind=System.Kind.CRM)
    keys = doors.values_list("mapping__key", flat=True)
    return tuple(mappings[key] for key in sorted(set(keys)) if key in mappings)


def conventions(*, at: datetime) -> dict[str, tuple[Convention, ...]]:
    """By what they name; one that was changed a while ago is followed by what it was, which is read still."""
    rows = list(NamingConvention.objects.all())
    formers, found = naming_changes.formers(rows, at=at), dict[str, tuple[Convention, ...]]()
    for row in rows:
        try:
            made = compile_convention(row.parts, separator=row.separator)
        except BadConvention:
            continue
        before = (formers[row.pk].convention,) if row.pk in formers else ()
        found[row.subject] = (*found.get(row.subject, ()), made, *before)
    return found


def _visits(urls: set[str]) -> dict[str, Visit]:
    """By address, those that were made."""
    rows = PageVisit.objects.filter(digest__in=[digest.of(url) for url in urls], visited_at__isnull=False)
    return {row.url: visit_of(row) for row in rows}


def visit_of(row: PageVisit) -> Visit:
    """One that was made, as the checks see it."""
    assert row.visited_at is not None
    forms = tuple(
        Form(form["name"], tuple(FormField(**one | {"options": tuple(one["options"])}) for one in form["fields"]))
        for form in row.forms
    )
    return Visit(row.url, row.visited_at, row.status, row.final_url, row.problem, forms)


def _rendering(text: Template, people: Sequence[Mapping[str, Any]], known: Mapping[str, CompiledBlock]) -> Rendering:
    missing, problems = Counter[str](), Counter[str]()
    try:
        needed = _needed(text.subject, text.body)
        named = [known[key] for key in personal.named(text.subject, text.body) if key in known]
        worded = {one.key: {words: _needed(words) for words in one.texts} for one in named}
    except BadTemplate as error:
        return Rendering(text.key, len(people), problems={str(error): len(people)})
    for person in people:
        found = messages.preview(subject=text.subject, body=text.body, facts=person, known=known)
        if found.problem:
            problems[found.problem] += 1
        read = needed.union(*(worded[one.key][one.choose(person).text] for one in named))
        missing.update({path for path in read if value_at(person, path) in (None, "")})
    return Rendering(text.key, len(people), missing, problems)


def _needed(*texts: str) -> set[str]:
    """What they cannot do without of a reader; a block has a wording for everybody. Raises BadTemplate."""
    paths = {path for text in texts for path in liquid.needed(text)} - {messages.UNSUBSCRIBE}
    return {path for path in paths if not path.startswith(personal.PREFIX)}


def _proofs(version: Version, spec: Spec, texts: Mapping[str, Template], at: datetime) -> Iterator[Proof]:
    """Each step that writes to contacts, rehearsed with leads who agreed and with the same leads who did not."""
    writing = [step for step in spec.steps if step.action == "send_message" and spec.subject == "contact"]
    if not writing:
        return
    defined, vocabulary = candidates.alone(version), leads.vocabulary()
    for step in writing:
        text = texts.get(str(step.arguments.get("template")))
        if text is None or text.channel == "chat":
            continue
        attempt = leads.willing(spec, step.key, defined=defined, vocabulary=vocabulary, at=at)
        if attempt.says:
            yield Proof(spec.key, step.key, text.channel, unreached=attempt.says)
            continue
        without, sent_anyway = {}, False
        for who, state in _WITHOUT:
            lead = attempt.lead.without_consent(text.channel, state)
            played = leads.play(lead, spec=spec, defined=defined, at=at)
            sent = [one for one in played.of(spec.key, step.key) if one.state == "done"]
            sent_anyway = sent_anyway or any(one.consent != "granted" for one in sent)
            without[who] = "sent" if sent else _why(played, spec.key, step.key)
        yield Proof(spec.key, step.key, text.channel, without=without, sent_anyway=sent_anyway)


def _why(played: Any, workflow: str, step: str) -> str:
    held = [one.reason for one in played.of(workflow, step) if one.reason]
    return f"withheld, {held[0]}" if held else "the step was not reached"


def _trials(version: Version) -> Iterator[Trial]:
    """Every scenario about the workflow, played on the version that is to go live."""
    for one in rehearsed.tried(version).trials:
        scenario = one.scenario
        at = f"/workflows/{version.workflow.key}/test-bench/?version={version.number}&scenario={scenario.key}"
        says = "" if not one.failures else one.says
        yield Trial(version.workflow.key, scenario.name, not one.failures, says, at)


def _findings(specs: Mapping[Version, Spec]) -> Iterator[Finding]:
    for version, spec in specs.items():
        state = "live" if version.frozen_at else "draft"
        for one in lint.findings_of(spec.key, content=version.content, state=state):
            if one.workflow == spec.key and not one.ignored_because:
                yield Finding(spec.key, one.code, one.severity, one.says, one.fix, f"/workflows/{spec.key}/edit/")
