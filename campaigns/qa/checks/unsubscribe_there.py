"""UNS: every e-mail says how to get no more of them."""

from collections.abc import Iterator

from campaigns.qa.check import BAD, GOOD, Check, Seen
from campaigns.qa.launch import Launch

#: What a template says it by.
MARK = "unsubscribe_url"


def look(launch: Launch) -> Iterator[Seen]:
    """Each e-mail template of the launch."""
    for template in launch.templates.values():
        if template.channel != "email":
            continue
        if MARK in template.body:
            yield Seen(template.name, GOOD, "its text holds the link by which a contact unsubscribes", at=template.at)
        else:
            mend = "Put {{ unsubscribe_url }} at its end"
            yield Seen(template.name, BAD, "its text says nowhere how to unsubscribe", mend, template.at)


CHECK = Check("UNS", "A way to unsubscribe in every e-mail", "compliance", True, ("E4",), look)
