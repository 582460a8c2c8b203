"""Touches: events that say how the contact came.

Tagged ones carry UTM parameters, in `context.campaign` as SDKs send them or among their properties. Of the others, one
whose referrer is another site came from there, and one that names its page and says that its referrer is empty is
direct: the address was typed, or kept. A page within the same site is no touch, nor is an event that does not say.
"""

from reporting.models import TouchFact
from workflows.models import InboundEvent, QuarantinedEvent, Trace

from .channels import channel_of
from .fact import Fact, day, text
from .names import CAMPAIGN, EVENT, current

#: The body as it was handled. jsonb refuses what no text in PostgreSQL can hold; such a body tells of no touch.
BODY = f"""
JOIN {InboundEvent._meta.db_table} e ON e.id = r.event_id
LEFT JOIN {QuarantinedEvent._meta.db_table} q ON q.event_id = e.id
CROSS JOIN LATERAL (SELECT coalesce(q.corrected_body, e.body) AS said) s
CROSS JOIN LATERAL (SELECT CASE WHEN position('\\u0000' in s.said::text) > 0 THEN '{{}}' ELSE s.said::jsonb END AS b) j
"""

_PAGE = """coalesce(j.b#>>'{context,page,url}', j.b#>>'{properties,url}', j.b#>>'{properties,page_url}')"""
_REFERRER = "coalesce(j.b#>>'{context,page,referrer}', j.b#>>'{properties,referrer}')"


def _host(address: str) -> str:
    return f"lower(substring({address} from '^[a-zA-Z]+://(?:www[.])?([^/:?#]+)'))"


def _tag(name: str, context: str) -> str:
    return text(f"coalesce(j.b#>>'{{context,campaign,{context}}}', j.b#>>'{{properties,utm_{name}}}')")


_TAGS = f"""
CROSS JOIN LATERAL (SELECT {_tag("source", "source")} AS source, {_tag("medium", "medium")} AS medium,
    {_tag("campaign", "name")} AS campaign, {text(_host(_REFERRER))} AS referrer, {text(_host(_PAGE))} AS page,
    {_PAGE} IS NOT NULL AND {_REFERRER} = '' AS is_direct) t
CROSS JOIN LATERAL (SELECT (t.source, t.medium, t.campaign) <> ('', '', '') AS is_tagged,
    t.referrer <> '' AND t.referrer <> t.page AS is_referred) k
CROSS JOIN LATERAL (SELECT
    CASE WHEN k.is_tagged THEN t.source WHEN k.is_referred THEN t.referrer ELSE '(direct)' END AS source,
    CASE WHEN k.is_tagged THEN t.medium WHEN k.is_referred THEN 'referral' ELSE '(none)' END AS medium) w
"""

FACT = Fact(
    kind="trace",
    model=TouchFact,
    raw=Trace,
    columns={
        "id": "r.id",
        "event_id": "e.id",
        "contact_id": "r.contact_id",
        "at": "e.occurred_at",
        "event": current(EVENT, "e.name"),
        "source": "w.source",
        "medium": "w.medium",
        "campaign": current(CAMPAIGN, "t.campaign"),
        "channel": channel_of(source="lower(w.source)", medium="lower(w.medium)"),
    },
    joins=BODY + _TAGS,
    where="r.contact_id IS NOT NULL AND (k.is_tagged OR k.is_referred OR t.is_direct)",
    daily=f"({day('f.at')}, 'touches', 0, 0)",
)
