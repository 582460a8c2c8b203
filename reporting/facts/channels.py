"""Which channel a touch came by, from UTM parameters and the site that referred it: one table, read from top to bottom.

A `utm_medium` that is itself a label of a naming convention (of channels, or the part "channel" of campaign names)
is that channel. Else the rules are those of Google Analytics' default channel group, as far as they can be read off
source and medium (support.google.com/analytics/answer/9756891).
"""

from martechops.lib.frozen import dataclass
from reporting.attribution import DIRECT

_SEARCH = ("google", "bing", "duckduckgo", "yahoo", "ecosia", "baidu", "yandex", "startpage", "qwant")
_SOCIAL = (
    "linkedin",
    "facebook",
    "instagram",
    "twitter",
    "x",
    "t.co",
    "youtube",
    "tiktok",
    "reddit",
    "xing",
    "mastodon",
)
_PAID = ("cpc", "ppc", "cpm", "cpv", "cpa", "paid", "retargeting")


@dataclass(frozen=True, slots=True)
class Rule:
    """Source and medium are each one of these; empty: whatever they are."""

    channel: str
    mediums: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


RULES = (
    Rule(DIRECT, mediums=("(none)",)),
    Rule("email", mediums=("email", "e-mail", "e_mail", "newsletter")),
    Rule("email", sources=("email", "e-mail", "newsletter")),
    Rule("paid-search", mediums=_PAID, sources=_SEARCH),
    Rule("paid-search", mediums=("paid-search", "paidsearch", "paid_search", "sem")),
    Rule("paid-social", mediums=_PAID, sources=_SOCIAL),
    Rule("paid-social", mediums=("paid-social", "paidsocial", "paid_social")),
    Rule("display", mediums=("display", "banner", "interstitial", "expandable")),
    Rule("ads", mediums=_PAID),
    Rule("organic-search", mediums=("organic",)),
    Rule("organic-search", mediums=("referral", ""), sources=_SEARCH),
    Rule("organic-social", mediums=("social", "social-network", "social-media", "sm", "organic-social")),
    Rule("organic-social", mediums=("referral", ""), sources=_SOCIAL),
    Rule("affiliate", mediums=("affiliate", "affiliates")),
    Rule("sms", mediums=("sms",)),
    Rule("referral", mediums=("referral", "link", "app")),
    Rule("", mediums=("",), sources=("",)),
)
#: What is tagged with words that no rule knows.
OTHER = "other"


def channel_of(*, source: str, medium: str) -> str:
    """The rules as an SQL expression over two others, which are lower case. `{labels}` is filled in by the projection.

    A source is known by its name or as a host: google.com, www.google.de.
    """
    known = [f"WHEN {' AND '.join(_tests(rule, source=source, medium=medium))} THEN '{rule.channel}'" for rule in RULES]
    return f"CASE WHEN {medium} = ANY({{labels}}) THEN {medium} {' '.join(known)} ELSE '{OTHER}' END"


def _tests(rule: Rule, *, source: str, medium: str) -> list[str]:
    tests = []
    if rule.mediums:
        tests.append(f"{medium} IN ({_list(rule.mediums)})")
    if rule.sources:
        names = f"{source} IN ({_list(rule.sources)})"
        tests.append(
            f"({names} OR split_part(regexp_replace({source}, '^(www|m|l|lm|out|news)[.]', ''), '.', 1) IN "
            f"({_list(rule.sources)}))"
        )
    return tests


def _list(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)
