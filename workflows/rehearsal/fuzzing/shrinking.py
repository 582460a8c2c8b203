"""The shortest story that still shows it: whatever can be left out or made plainer without losing it, is.

Moments go first, in halves and then one by one (delta debugging: Zeller and Hildebrandt, "Simplifying and isolating
failure-inducing input", 2002), then what is said of those that stay, then what is known before. It ends when nothing
more can go: taking away any single part of what is left loses what it shows.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from workflows.engine.durations import Duration
from workflows.engine.scenarios import Given, Moment
from workflows.engine.scenarios.scenario import AT_ONCE, EMAIL

from .story import Story, seconds

Shows = Callable[[Story], bool]

#: Times that are read easily, shortest first.
_PLAIN = tuple(
    Duration(amount, unit)
    for amount, unit in ((1, "minute"), (10, "minute"), (1, "hour"), (1, "day"), (2, "day"), (7, "day"), (30, "day"))
)
#: Stories that are told for one at most.
MOST_TOLD = 600


def shrink(story: Story, shows: Shows, *, most: int = MOST_TOLD) -> Story:
    """`shows` says of a story whether it still shows it; it is asked `most` times at most, and of none twice.

    >>> wanted = {"a", "b"}
    >>> story = Story(Given(), tuple(Moment("event", name=name) for name in "xaybz"))
    >>> [m.name for m in shrink(story, lambda one: wanted <= {m.name for m in one.when}).when]
    ['a', 'b']
    """
    asked: dict[str, bool] = {}

    def still(candidate: Story) -> bool:
        found_by = repr(candidate)
        if found_by not in asked:
            if len(asked) >= most:
                return False
            asked[found_by] = shows(candidate)
        return asked[found_by]

    while True:
        before = story
        story = _fewer(story, still)
        for make in (_plainer_moments, _plainer_given):
            story = _plainer(story, make, still)
        if story == before:
            return story


def _fewer(story: Story, still: Shows) -> Story:
    """Leaves out ever smaller parts of what happens."""
    size = max(1, len(story.when) // 2)
    while size:
        at = 0
        while at < len(story.when):
            candidate = Story(story.given, story.when[:at] + story.when[at + size :])
            if candidate.when and still(candidate):
                story = candidate
            else:
                at += size
        size //= 2
    return story


def _plainer(story: Story, make: Callable[[Story], Iterator[Story]], still: Shows) -> Story:
    """Takes every step that still shows it, until none does."""
    found: Story | None = story
    while found is not None:
        story = found
        found = next((one for one in make(story) if one != story and still(one)), None)
    return story


def _plainer_moments(story: Story) -> Iterator[Story]:
    for at, moment in enumerate(story.when):
        for plainer in _of_moment(moment):
            yield Story(story.given, (*story.when[:at], plainer, *story.when[at + 1 :])).ordered()


def _of_moment(moment: Moment) -> Iterator[Moment]:
    if moment.late:
        yield replace(moment, late=None)
    if moment.again:
        yield replace(moment, again=False)
    if moment.after != AT_ONCE:
        yield replace(moment, after=AT_ONCE)
    for span in _PLAIN:
        if seconds(span) < seconds(moment.after):
            yield replace(moment, after=span)
    if moment.does in ("event", "begins"):
        for name in sorted(moment.values):
            yield replace(moment, values={key: value for key, value in moment.values.items() if key != name})
    elif len(moment.values) > 1:
        for name in sorted(moment.values):
            yield replace(moment, values={name: moment.values[name]})


def _plainer_given(story: Story) -> Iterator[Story]:
    for given in _of_given(story.given):
        yield Story(given, story.when)


def _of_given(given: Given) -> Iterator[Given]:
    for name in sorted(given.fields):
        yield replace(given, fields={key: value for key, value in given.fields.items() if key != name})
    for name in sorted(given.consent):
        yield replace(given, consent={key: state for key, state in given.consent.items() if key != name})
    if given.known_as:
        yield replace(given, known_as={})
    if given.stage is not None:
        yield replace(given, stage=None)
    if given.score:
        yield replace(given, score=0)
    if not given.known:
        yield replace(given, known=True)
    if given.email is None:
        yield replace(given, email=EMAIL)
    if not given.agreeable:
        yield replace(given, agreeable=True)
