"""What makes a story nastier: one function a trick, one line in `MOVES`.

Tricks are those of real life: a form sent twice, a client that repeats a message, events out of order or late,
somebody who leaves in the middle of a wait, stages that change within minutes, fields that are missing or odd.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from workflows.engine.conditions import FieldType
from workflows.engine.durations import Duration
from workflows.engine.scenarios import Moment

from .story import Story, seconds, span

#: Pauses that matter: nothing, a double click, a session, a day, the waits of workflows.
_PAUSES = (0, 1, 60, 600, 3_600, 14_400, 86_400, 172_800, 604_800, 2_592_000, 8_640_000)
#: What stands where something else should.
_ODD: tuple[Any, ...] = ("", None, 0, -1, True, "x" * 300, "2026-13-45", "not a date", [], {}, "Zoë 🚀", "0")
#: What a field may hold, at its edges: mappings and forms see to it that it holds nothing of another type.
_EDGES: Mapping[str, tuple[Any, ...]] = {
    "number": (0, -1, 1, 50, 100_000),
    "date": ("1970-01-01", "2026-03-03", "2026-04-01"),
    "datetime": ("1970-01-01T00:00:00+00:00", "2026-03-04T09:00:00+00:00"),
    "boolean": (True, False),
    "email": ("other@example.com",),
    "consent": ("granted", "denied"),
}
_LATE = (60, 3_600, 86_400, 604_800)


@dataclass(frozen=True, slots=True)
class Material:
    """What stories of a version can be made of."""

    #: Stages in their order.
    stages: Sequence[str]
    #: Channels that the workflow asks consent for or writes by.
    channels: Sequence[str]
    #: Fields that its rules, waits and texts speak of, by their plain name.
    fields: Mapping[str, FieldType]
    #: Events that runs wait for.
    awaited: Sequence[str]
    #: Whether any step asks people.
    asks: bool = False
    #: Seconds after its beginning when a story had something happen by itself: the middle of a wait is before them.
    instants: list[int] = field(default_factory=list)


Move = Callable[[Story, Material, Random], Story]


def nastier(story: Story, material: Material, dice: Random, *, most_moments: int) -> Story:
    """One to three tricks later."""
    for _ in range(dice.choice((1, 1, 2, 3))):
        changed = dice.choice(MOVES)(story, material, dice)
        if len(changed.when) <= most_moments:
            story = changed.ordered()
    return story


def _sent_twice(story: Story, material: Material, dice: Random) -> Story:
    """The same form, a new message."""
    moment = _any(story, dice)
    return _with(story, replace(moment, after=_later(moment.after, dice), again=False, late=None))


def _repeated(story: Story, material: Material, dice: Random) -> Story:
    """The same message, by a client that heard no answer."""
    moment = _any(story, dice)
    if moment.does != "event":
        return story
    return _with(story, replace(moment, after=_later(moment.after, dice), again=True))


def _out_of_order(story: Story, material: Material, dice: Random) -> Story:
    if len(story.when) < 2:
        return story
    one, other = sorted(dice.sample(range(len(story.when)), 2))
    moments = list(story.when)
    moments[one], moments[other] = (
        replace(moments[other], after=moments[one].after),
        replace(moments[one], after=moments[other].after),
    )
    return Story(story.given, tuple(moments))


def _late(story: Story, material: Material, dice: Random) -> Story:
    """It happened long before it arrives."""
    return _changed(story, dice, lambda moment: replace(moment, late=span(dice.choice(_LATE))), only="event")


def _moved(story: Story, material: Material, dice: Random) -> Story:
    """Sooner, later, or after a jump of the clock."""
    return _changed(story, dice, lambda moment: replace(moment, after=_instant(material, dice)))


def _left_out(story: Story, material: Material, dice: Random) -> Story:
    return _changed(story, dice, lambda moment: _without_one(moment, dice))


def _odd_value(story: Story, material: Material, dice: Random) -> Story:
    def odd(moment: Moment) -> Moment:
        if not moment.values:
            return moment
        return replace(moment, values={**moment.values, dice.choice(sorted(moment.values)): dice.choice(_ODD)})

    return _changed(story, dice, odd, only="event")


def _known_less(story: Story, material: Material, dice: Random) -> Story:
    """Something that was known of somebody is not."""
    given = story.given
    lacking = [replace(given, stage=None), replace(given, score=0), replace(given, email=None)]
    lacking += [replace(given, fields=_less(given.fields, name)) for name in sorted(given.fields)]
    lacking += [replace(given, consent=_less(given.consent, name)) for name in sorted(given.consent)]
    lacking.append(replace(given, known=False))
    return Story(dice.choice(lacking), story.when)


def _known_otherwise(story: Story, material: Material, dice: Random) -> Story:
    """Another stage, a high score, a refusal, or a value that is not what it should be."""
    given = story.given
    others = [replace(given, score=dice.choice((1, 50, 1_000)))]
    others += [replace(given, stage=stage) for stage in material.stages]
    others += [replace(given, consent={**given.consent, name: "denied"}) for name in material.channels]
    for name, kind in sorted(material.fields.items()):
        others.append(replace(given, fields={**given.fields, name: dice.choice(_values(kind))}))
    return Story(dice.choice(others), story.when)


def _leaves(story: Story, material: Material, dice: Random) -> Story:
    """In the middle of a wait as often as not."""
    if not material.channels:
        return story
    return _with(story, Moment("unsubscribes", _instant(material, dice), dice.choice(material.channels)))


def _says(story: Story, material: Material, dice: Random) -> Story:
    if not material.channels:
        return story
    said = {dice.choice(material.channels): dice.choice(("granted", "denied"))}
    return _with(story, Moment("consent", _instant(material, dice), values=said))


def _changes_stage(story: Story, material: Material, dice: Random) -> Story:
    if not material.stages:
        return story
    return _with(story, Moment("stage", _instant(material, dice), dice.choice(material.stages)))


def _runs_through_stages(story: Story, material: Material, dice: Random) -> Story:
    """Two within a minute."""
    if len(material.stages) < 2:
        return story
    at = _instant(material, dice)
    for i, stage in enumerate(dice.sample(list(material.stages), 2)):
        story = _with(story, Moment("stage", span(seconds(at) + 30 * i), stage))
    return story


def _field_changes(story: Story, material: Material, dice: Random) -> Story:
    if not material.fields:
        return story
    name = dice.choice(sorted(material.fields))
    value = dice.choice(_values(material.fields[name]))
    return _with(story, Moment("sets", _instant(material, dice), values={name: value}))


def _what_is_awaited(story: Story, material: Material, dice: Random) -> Story:
    if not material.awaited:
        return story
    return _with(story, Moment("event", _instant(material, dice), dice.choice(material.awaited)))


def _answered(story: Story, material: Material, dice: Random) -> Story:
    if not material.asks:
        return story
    answer = dice.choice(("yes", "no", "accepted", "refused"))
    return _with(story, Moment("answers", _instant(material, dice), answer))


def _nobody_answers(story: Story, material: Material, dice: Random) -> Story:
    return Story(replace(story.given, agreeable=not story.given.agreeable), story.when)


def _dropped(story: Story, material: Material, dice: Random) -> Story:
    if len(story.when) < 2:
        return story
    out = dice.randrange(len(story.when))
    return Story(story.given, story.when[:out] + story.when[out + 1 :])


MOVES: tuple[Move, ...] = (
    _sent_twice,
    _repeated,
    _out_of_order,
    _late,
    _moved,
    _left_out,
    _odd_value,
    _known_less,
    _known_otherwise,
    _leaves,
    _says,
    _changes_stage,
    _runs_through_stages,
    _field_changes,
    _what_is_awaited,
    _answered,
    _nobody_answers,
    _dropped,
)


def _any(story: Story, dice: Random) -> Moment:
    return dice.choice(story.when)


def _with(story: Story, moment: Moment) -> Story:
    return Story(story.given, (*story.when, moment))


def _changed(story: Story, dice: Random, change: Callable[[Moment], Moment], *, only: str = "") -> Story:
    at = dice.randrange(len(story.when))
    if only and story.when[at].does != only:
        return story
    return Story(story.given, (*story.when[:at], change(story.when[at]), *story.when[at + 1 :]))


def _without_one(moment: Moment, dice: Random) -> Moment:
    if not moment.values or moment.does not in ("event", "begins"):
        return moment
    return replace(moment, values=_less(moment.values, dice.choice(sorted(moment.values))))


def _less(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {known: value for known, value in values.items() if known != name}


def _values(kind: FieldType) -> tuple[Any, ...]:
    """What may stand in a field of that type, nothing among it."""
    return (None, *(kind.allowed or _EDGES.get(kind.type, ("another", "x" * 300, "Zoë 🚀"))))


def _later(after: Duration, dice: Random) -> Duration:
    return span(seconds(after) + dice.choice(_PAUSES))


def _instant(material: Material, dice: Random) -> Duration:
    """Just before something is due, just after, or after a usual pause."""
    if material.instants and dice.random() < 0.5:
        due = dice.choice(material.instants)
        return span(max(0, due + dice.choice((-3_600, -60, 0, 60))))
    return span(dice.choice(_PAUSES))
