"""What a thing that goes live is made of: the digest of each part, and one digest over all of them.

An approval binds to that digest, so what belongs in it is what would change what people get. A status is left out (to
freeze a template changes no word of it), and so is whether a system is in its sandbox, which is a switch of operations.

>>> one = Manifest((Pin("mapping", "demo-to-crm", "aa"), Pin("template", "welcome", "bb")))
>>> two = Manifest((Pin("mapping", "demo-to-crm", "cc"), Pin("template", "welcome", "bb")))
>>> [pin.key for pin in two.changed_from(one).changed], one.digest == two.digest
(['demo-to-crm'], False)
>>> [name for name, digest in two.sections().items() if digest != one.sections()[name]]
['data']
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from martechops.lib import digest
from workflows.engine.references import Names, references, renamed

#: What people agree to apart from each other → the kinds of pins in it. Each kind is in exactly one.
SECTIONS: Mapping[str, frozenset[str]] = {
    "audience": frozenset({"segment"}),
    "content": frozenset({"template", "block", "content", "link", "playbook"}),
    "logic": frozenset({"workflow", "scoring", "stage", "campaign", "metric"}),
    "data": frozenset({"mapping", "field", "event-type", "convention", "system"}),
    "compliance": frozenset({"guards", "consent", "channel"}),
}
_SECTION_OF = {kind: section for section, kinds in SECTIONS.items() for kind in kinds}
#: What a document says that changes nothing for anybody outside.
_LEFT_OUT = {
    "": ("status",),
    "system": ("status", "sandbox"),
    # what is to be reached by everybody together, and how it is drawn
    "metric": ("status", "target", "better"),
}
#: Documents of these kinds are pinned, and what they name in turn is not theirs to depend on.
_ENDS = frozenset({"field", "stage", "system", "scoring", "convention"})

Thing = tuple[str, str]


@dataclass(frozen=True, slots=True, order=True)
class Pin:
    """One part, as it was."""

    kind: str
    key: str
    digest: str

    @property
    def section(self) -> str:
        return _SECTION_OF[self.kind]


@dataclass(frozen=True, slots=True)
class Change:
    """How one manifest differs from another: pins as they are now, and as they were."""

    added: tuple[Pin, ...]
    removed: tuple[Pin, ...]
    changed: tuple[Pin, ...]

    @property
    def pins(self) -> tuple[Pin, ...]:
        return (*self.changed, *self.added, *self.removed)

    def __bool__(self) -> bool:
        return bool(self.pins)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Pins in their order, each thing once."""

    pins: tuple[Pin, ...]

    @classmethod
    def of(cls, pins: Iterable[Pin]) -> "Manifest":
        """
        >>> Manifest.of([Pin("stage", "mql", "b"), Pin("segment", "eu", "a"), Pin("stage", "mql", "b")]).pins[0].key
        'eu'
        """
        return cls(tuple(sorted(set(pins))))

    @classmethod
    def read(cls, plain: Iterable[Iterable[str]]) -> "Manifest":
        """From what `plain` says."""
        return cls.of(Pin(*pin) for pin in plain)

    @property
    def plain(self) -> list[list[str]]:
        """As JSON data."""
        return [[pin.kind, pin.key, pin.digest] for pin in self.pins]

    @property
    def digest(self) -> str:
        return digest.of(self.plain)

    def sections(self) -> dict[str, str]:
        """The digest of each section that holds something, in the order of `SECTIONS`."""
        found: dict[str, list[list[str]]] = {name: [] for name in SECTIONS}
        for pin in self.pins:
            found[pin.section].append([pin.kind, pin.key, pin.digest])
        return {name: digest.of(pins) for name, pins in found.items() if pins}

    def changed_from(self, other: "Manifest") -> Change:
        """What became of `other`."""
        now, before = ({(pin.kind, pin.key): pin for pin in each.pins} for each in (self, other))
        return Change(
            added=tuple(pin for thing, pin in now.items() if thing not in before),
            removed=tuple(pin for thing, pin in before.items() if thing not in now),
            changed=tuple(pin for thing, pin in now.items() if thing in before and before[thing] != pin),
        )


@dataclass(frozen=True, slots=True)
class Part:
    """A document, ready to be pinned: its own pins, and the definitions that it depends on."""

    thing: Thing
    pins: tuple[Pin, ...]
    needs: tuple[Thing, ...]


def part_of(thing: Thing, document: Mapping[str, Any], *, names: Names | None = None) -> Part:
    """Read a document once: what it is, what of it compliance asks for, and what it refers to.

    `names` say what a former name means today: a frozen version goes on with its old words.
    """
    kind, key = thing
    left_out = _LEFT_OUT.get(kind, _LEFT_OUT[""])
    own = Pin(kind, key, digest.of({name: value for name, value in document.items() if name not in left_out}))
    today = renamed(document, names) if names else document
    needs = () if kind in _ENDS else tuple(dict.fromkeys(_needed(today)))
    return Part(thing, (own, *_compliance(thing, document)), needs)


@dataclass(frozen=True, slots=True)
class Definitions:
    """Every definition as it stands, by kind and key."""

    parts: Mapping[Thing, Part]
    #: Former names and what they mean now.
    names: Names

    def pins(self, *roots: Part) -> set[Pin]:
        """Of the roots and of all they depend on, however far. What is not there cannot be pinned."""
        found: dict[Thing, Part] = {}
        waiting = [*roots]
        while waiting:
            part = waiting.pop()
            if part.thing not in found:
                found[part.thing] = part
                waiting.extend(self.parts[thing] for thing in part.needs if thing in self.parts)
        return {pin for part in found.values() for pin in part.pins}

    def manifest(self, *roots: Part) -> Manifest:
        return Manifest.of(self.pins(*roots))


def _needed(document: Mapping[str, Any]) -> Iterator[Thing]:
    for reference in references(document):
        if reference.kind.startswith("value:"):
            yield "field", reference.kind.removeprefix("value:")
        elif reference.kind in _SECTION_OF:
            yield reference.kind, reference.key
            if (reference.kind, reference.key) == ("field", "score"):
                yield "scoring", "score"


def _compliance(thing: Thing, document: Mapping[str, Any]) -> Iterator[Pin]:
    """What decides whom a message may reach: guards of steps, effects on consent, the channel of a template."""
    kind, key = thing
    if kind == "workflow":
        yield Pin("guards", key, digest.of(_guards(document)))
    elif kind == "event-type" and document.get("consent_effect"):
        yield Pin("consent", key, digest.of(document["consent_effect"]))
    elif kind == "template":
        yield Pin("channel", key, digest.of(document.get("channel")))


def _guards(document: Mapping[str, Any]) -> dict[str, Any]:
    steps = document.get("steps")
    return {
        str(step.get("key")): step["guards"]
        for step in (steps if isinstance(steps, list) else [])
        if isinstance(step, Mapping) and step.get("guards")
    }
