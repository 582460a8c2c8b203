"""Dotted paths, as rules name values, in the words of people."""

import re

_PATH = re.compile(r"\b(?:contact|event)(?:\.\w+)+")


def path_words(path: str) -> str:
    """A dotted path as people call it.

    >>> path_words("contact.company_size"), path_words("contact.consent.email"), path_words("event.properties.plan")
    ('company size', 'consent for email', 'plan of the event')
    >>> path_words("contact.consent.email.product_news")
    'consent for email for product news'
    """
    parts = path.split(".")
    name = parts[-1].replace("_", " ")
    if parts[0] == "event":
        return f"{name} of the event"
    if parts[1:2] == ["consent"] and len(parts) > 2:
        return f"consent for {' for '.join(parts[2:])}".replace("_", " ")
    return name


def humane(says: str) -> str:
    """A sentence of the engine with its paths as people call them.

    >>> humane("contact.first_name is missing; consent for email was never given")
    'first name is missing; consent for email was never given'
    """
    return _PATH.sub(lambda found: path_words(found[0]), says)


def pointer_words(pointer: str) -> str:
    """A JSON pointer into a message as people call the place.

    >>> pointer_words("/properties/company_size"), pointer_words("/event"), pointer_words("/properties/items/0/price")
    ('Company size', 'Name of the event', 'Price of items, number 1')
    """
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    if parts[:1] == ["event"]:
        return "Name of the event"
    parts = parts[1:] if parts[:1] in (["properties"], ["traits"]) else parts
    if not parts:
        return "The message"
    plain = [f"number {int(part) + 1}" if part.isdecimal() else part.replace("_", " ") for part in parts]
    within = ", ".join(plain[:-1])
    words = f"{plain[-1]} of {within}" if within else plain[-1]
    return words[:1].upper() + words[1:]
