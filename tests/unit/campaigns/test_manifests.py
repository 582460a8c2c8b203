"""A manifest names each thing once, in an order of its own, and says what became of another."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.manifests import SECTIONS, Definitions, Manifest, Pin, part_of

KINDS = sorted(kind for kinds in SECTIONS.values() for kind in kinds)
PINS = st.lists(st.builds(Pin, st.sampled_from(KINDS), st.sampled_from("ab"), st.sampled_from("01")), max_size=8)
#: On a busy machine making up examples takes as long as it takes.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@UNHURRIED
@given(PINS)
def test_order_of_pins_does_not_matter(pins: list[Pin]) -> None:
    assert Manifest.of(pins).digest == Manifest.of(reversed(pins)).digest
    assert Manifest.read(Manifest.of(pins).plain) == Manifest.of(pins)


@UNHURRIED
@given(PINS, PINS)
def test_digest_differs_exactly_if_something_changed(one: list[Pin], two: list[Pin]) -> None:
    now = Manifest.of({(pin.kind, pin.key): pin for pin in one}.values())
    before = Manifest.of({(pin.kind, pin.key): pin for pin in two}.values())
    assert bool(now.changed_from(before)) == (now.digest != before.digest)
    assert (now.sections() == before.sections()) == (now.digest == before.digest)


def test_every_kind_is_in_one_section() -> None:
    assert len(KINDS) == len(set(KINDS))


def parts(*documents: tuple[str, str, dict[str, Any]]) -> Definitions:
    return Definitions(
        parts={(kind, key): part_of((kind, key), {"kind": kind, **said}) for kind, key, said in documents}, names={}
    )


def test_circle_of_segments_ends() -> None:
    known = parts(("segment", "a", {"when": {"segment": "b"}}), ("segment", "b", {"when": {"segment": "a"}}))
    assert {pin.key for pin in known.pins(known.parts["segment", "a"])} == {"a", "b"}


def test_score_brings_the_rules_that_count_it() -> None:
    known = parts(("scoring", "score", {"rules": []}), ("field", "score", {}))
    root = part_of(("segment", "warm"), {"kind": "segment", "when": {"contact.score": {"$gte": 50}}})
    assert ("scoring", "score") in {(pin.kind, pin.key) for pin in known.pins(root)}


def test_guard_is_what_compliance_agrees_to() -> None:
    def sections(guards: dict[str, Any], name: str = "Welcome") -> dict[str, str]:
        steps = [{"key": "welcome", "name": name, "guards": guards}]
        return Manifest.of(part_of(("workflow", "w"), {"kind": "workflow", "steps": steps}).pins).sections()

    strict = sections({"consent": "email"})
    assert sections({"consent": "email"}, name="Hello")["compliance"] == strict["compliance"]
    assert sections({})["compliance"] != strict["compliance"]


def test_former_name_means_the_present_one() -> None:
    names = {("event-type", "Old"): "New"}
    part = part_of(("scoring", "score"), {"kind": "workflow", "trigger": {"event": "Old"}}, names=names)
    assert part.needs == ()
    part = part_of(("workflow", "w"), {"kind": "workflow", "trigger": {"event": "Old"}}, names=names)
    assert part.needs == (("event-type", "New"),)
