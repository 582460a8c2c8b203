"""What a message says to one contact: people's templates filled in, as deliver sends it and as a preview shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from martechops.lib import liquid, liquid_child
from martechops.lib.liquid import BadTemplate
from workflows.engine.conditions import value_at
from workflows.engine.personal import PREFIX, Chosen, CompiledBlock, named

from . import blocks

#: What stands in a template for the address by which its reader unsubscribes.
UNSUBSCRIBE = "unsubscribe_url"
#: What it looks like where the message is nobody's yet.
_EXAMPLE = {UNSUBSCRIBE: "https://example.com/u/…/"}


@dataclass(frozen=True, slots=True)
class Message:
    """Subject and text, and the text as HTML with everything in it escaped."""

    subject: str
    text: str
    html: str
    #: Block → the segment whose wording it has; empty for the fallback.
    blocks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preview:
    """How a message would look to one contact."""

    message: Message | None
    #: What the template asks for and the contact does not have.
    missing: tuple[str, ...] = ()
    #: Why there is no message.
    problem: str = ""


def compose(
    *, subject: str, body: str, facts: Mapping[str, Any], known: Mapping[str, CompiledBlock] | None = None
) -> Message:
    """The message for one reader, its blocks chosen by the segments they are in. Raises `BadTemplate`.

    `known` are the blocks that there are; without it they are read, if the texts name any.
    """
    chosen = _chosen(named(subject, body), facts, known)
    facts = {**facts, "block": {one.block: line(one.text, facts).strip() for one in chosen}} if chosen else facts
    text = line(body, facts).strip()
    return Message(
        subject=" ".join(line(subject, facts).split()),
        text=text,
        html=_linked(_paragraphs(text), escape(str(facts.get(UNSUBSCRIBE) or ""))),
        blocks={one.block: one.segment for one in chosen},
    )


def _chosen(names: Sequence[str], facts: Mapping[str, Any], known: Mapping[str, CompiledBlock] | None) -> list[Chosen]:
    there = blocks.compiled() if names and known is None else known or {}
    if missing := [name for name in names if name not in there]:
        raise BadTemplate(f"there is no block {missing[0]} that can be used")
    return [there[name].choose(facts) for name in names]


def line(source: str, facts: Mapping[str, Any]) -> str:
    """One text filled in, within limits of time and memory. Raises `BadTemplate`."""
    return liquid_child.render(source, facts)


def preview(
    *, subject: str, body: str, facts: Mapping[str, Any], known: Mapping[str, CompiledBlock] | None = None
) -> Preview:
    """The message with what is missing, or what stands against it; `known` as in `compose`."""
    facts = _EXAMPLE | dict(facts)
    try:
        for source in (subject, body):
            liquid.check(source)
        asked = dict.fromkeys((*liquid.variables(subject), *liquid.variables(body)))
        missing = tuple(path for path in asked if not path.startswith(PREFIX) and value_at(facts, path) in (None, ""))
        return Preview(message=compose(subject=subject, body=body, facts=facts, known=known), missing=missing)
    except BadTemplate as error:
        return Preview(message=None, problem=str(error))


def _paragraphs(text: str) -> str:
    """Plain text as HTML: a blank line makes a paragraph; all of it escaped."""
    blocks = [escape(block.strip()).replace("\n", "<br>") for block in text.split("\n\n") if block.strip()]
    return "".join(f"<p>{block}</p>" for block in blocks)


def _linked(html: str, address: str) -> str:
    """The one address in it that is ours, that of unsubscribing, as a link."""
    return html.replace(address, f'<a href="{address}">{address}</a>') if address else html
