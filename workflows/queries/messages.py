"""What a message says to one contact: people's templates filled in, as deliver sends it and as a preview shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from martechops.lib import liquid, liquid_child
from martechops.lib.liquid import BadTemplate
from workflows.engine.conditions import value_at


@dataclass(frozen=True, slots=True)
class Message:
    """Subject and text, and the text as HTML with everything in it escaped."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Preview:
    """How a message would look to one contact."""

    message: Message | None
    #: What the template asks for and the contact does not have.
    missing: tuple[str, ...] = ()
    #: Why there is no message.
    problem: str = ""


def compose(*, subject: str, body: str, facts: Mapping[str, Any]) -> Message:
    """Raises `BadTemplate`."""
    text = line(body, facts).strip()
    return Message(subject=" ".join(line(subject, facts).split()), text=text, html=_paragraphs(text))


def line(source: str, facts: Mapping[str, Any]) -> str:
    """One text filled in, within limits of time and memory. Raises `BadTemplate`."""
    return liquid_child.render(source, facts)


def preview(*, subject: str, body: str, facts: Mapping[str, Any]) -> Preview:
    """The message with what is missing, or what stands against it."""
    try:
        for source in (subject, body):
            liquid.check(source)
        asked = dict.fromkeys((*liquid.variables(subject), *liquid.variables(body)))
        missing = tuple(path for path in asked if value_at(facts, path) in (None, ""))
        return Preview(message=compose(subject=subject, body=body, facts=facts), missing=missing)
    except BadTemplate as error:
        return Preview(message=None, problem=str(error))


def _paragraphs(text: str) -> str:
    """Plain text as HTML: a blank line makes a paragraph; all of it escaped."""
    blocks = [escape(block.strip()).replace("\n", "<br>") for block in text.split("\n\n") if block.strip()]
    return "".join(f"<p>{block}</p>" for block in blocks)
