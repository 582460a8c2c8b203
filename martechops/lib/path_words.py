"""Dotted paths, as rules name values, in the words of people."""

import re

_PATH = re.compile(r"\b(?:contact|event)(?:\.\w+)+")


def path_words(path: str) -> str:
    """A dotted path as people call it.

    >>> path_words("contact.company_size"), path_words("contact.consent.email"), path_words("event.properties.plan")
    ('company size', 'consent for email', 'plan of the event')
    """
    parts = path.split(".")
    name = parts[-1].replace("_", " ")
    if parts[0] == "event":
        return f"{name} of the event"
    if len(parts) > 2 and parts[-2] == "consent":
        return f"consent for {name}"
    return name


def humane(says: str) -> str:
    """A sentence of the engine with its paths as people call them.

    >>> humane("contact.first_name is missing; consent for email was never given")
    'first name is missing; consent for email was never given'
    """
    return _PATH.sub(lambda found: path_words(found[0]), says)
