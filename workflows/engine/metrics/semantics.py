"""Semantic models: what can be counted in each documented view, by what, and which other views say more of it.

This is the closed table that every identifier of a metric's SQL comes from. A model is a view of the schema
`reporting`; its dimensions are columns of that name. An entity is what rows of several views are about: a model that
has it as its `primary` has one row for each, so joining to it never counts anything twice, and its dimensions are
asked for as `contact.stage`.
"""

from collections.abc import Iterable, Mapping

from .model import Aggregate, Dimension, Measure, Model

#: What rows about contacts are filtered by, whatever they are rows of. Nobody is in one workflow only, so that nothing
#: is told apart by it.
ENTERED = "entered"
_ENTERED = Dimension("a workflow that the contact has entered")
_CAMPAIGN = Dimension("the campaign that brought the contact")
_CHANNEL = Dimension("the channel that brought the contact")
_FROM_CONTACT = {"campaign": _CAMPAIGN, "channel": _CHANNEL}
_WORKFLOW = Dimension("the workflow")
_STAGE = Dimension("lifecycle stage", of="stage")
_OF_CONTACT = {"contact": "contact_id", "campaign": "campaign"}
_IN_WORKFLOW = {**_OF_CONTACT, "workflow": "workflow"}

_ALL = (
    Model(
        view="contacts",
        says="contacts, by when they became known",
        time="created_at",
        dimensions={
            "stage": Dimension("lifecycle stage now", of="stage"),
            "source": Dimension("utm_source"),
            "medium": Dimension("utm_medium"),
            **_FROM_CONTACT,
        },
        measures={"leads": Measure("contacts that became known", figure="leads")},
        primary=("contact", "contact_id"),
        foreign={"campaign": "campaign"},
        row="contact_id",
    ),
    Model(
        view="touches",
        says="events that say how a contact came",
        time="at",
        dimensions={
            "event": Dimension("name of the event", of="event-type"),
            "source": Dimension("utm_source, or the site that referred"),
            "medium": Dimension("utm_medium"),
            "campaign": Dimension("campaign of the touch"),
            "channel": Dimension("channel of the touch"),
        },
        measures={
            "touches": Measure("touches", figure="touches"),
            "touched": Measure("different contacts touched", Aggregate.DISTINCT, "contact_id"),
        },
        foreign=_OF_CONTACT,
        row="touch_id",
    ),
    Model(
        view="stage_changes",
        says="changes of lifecycle stage",
        time="at",
        dimensions={
            "from_stage": Dimension("stage before", of="stage"),
            "to_stage": Dimension("stage after", of="stage"),
            "is_forward": Dimension("whether the stage after is further on", of="boolean"),
            **_FROM_CONTACT,
        },
        measures={
            "stage_changes": Measure("changes of stage", figure="stage {to_stage}"),
            "stage_contacts": Measure(
                "different contacts that changed stage", Aggregate.DISTINCT, "contact_id", people="stage {to_stage}"
            ),
        },
        foreign=_OF_CONTACT,
        row="change_id",
    ),
    Model(
        view="conversions",
        says="goals reached in workflows",
        time="at",
        dimensions={"goal": Dimension("the goal"), "workflow": _WORKFLOW, **_FROM_CONTACT},
        measures={
            "conversions": Measure("goals reached", figure="conversions"),
            "conversion_value": Measure("worth of goals reached", Aggregate.SUM, "value", figure="conversions"),
            "converted": Measure("different contacts that reached a goal", Aggregate.DISTINCT, "contact_id"),
        },
        foreign=_IN_WORKFLOW,
        row="conversion_id",
    ),
    Model(
        view="deals",
        says="what contacts ask for or buy, with what it is worth",
        time="at",
        dimensions={
            "stage": Dimension("stage that its event stands for", of="stage"),
            "event": Dimension("name of the event", of="event-type"),
            "currency": Dimension("currency"),
            **_FROM_CONTACT,
        },
        measures={
            "deals": Measure("deals", rollup="daily_deals", rolled="count"),
            "deal_value": Measure(
                *("worth of deals", Aggregate.SUM, "value"), currency="currency", rollup="daily_deals", rolled="value"
            ),
        },
        foreign=_OF_CONTACT,
        row="deal_id",
    ),
    Model(
        view="deal_credits",
        says="deals divided among the touches of the 30 days before, by attribution model",
        time="at",
        dimensions={
            "model": Dimension(
                "attribution model: first, last, last_non_direct, linear, time_decay, u_shaped, w_shaped, shapley"
            ),
            "stage": Dimension("stage that the deal's event stands for", of="stage"),
            "currency": Dimension("currency of the deal"),
            "campaign": Dimension("campaign of the touch"),
            "channel": Dimension("channel of the touch"),
        },
        measures={
            "credited_deals": Measure(
                *("deals owed", Aggregate.SUM, "credit"), rollup="daily_deal_credits", rolled="credit"
            ),
            "credited_value": Measure(
                *("worth of deals owed", Aggregate.SUM, "value"),
                currency="currency",
                rollup="daily_deal_credits",
                rolled="value",
            ),
        },
        foreign=_OF_CONTACT,
    ),
    Model(
        view="sends",
        says="messages that came to an end",
        time="at",
        dimensions={
            "state": Dimension("done, suppressed, failed, uncertain, cancelled"),
            "step": Dimension("step that sent it"),
            "template": Dimension("message template"),
            "message_channel": Dimension("email, chat, in_app"),
            "workflow": _WORKFLOW,
            **_FROM_CONTACT,
        },
        measures={"messages": Measure("messages", figure="send {state}")},
        foreign=_IN_WORKFLOW,
        row="send_id",
    ),
    Model(
        view="mail_outcomes",
        says="what mail providers and readers told",
        time="at",
        dimensions={
            "outcome": Dimension("delivered, bounced, deferred, complained, opened, clicked, unsubscribed"),
            **_FROM_CONTACT,
        },
        measures={
            "mail_outcomes": Measure("outcomes told", figure="mail {outcome}"),
            "mail_contacts": Measure(
                "different contacts that an outcome was told of",
                Aggregate.DISTINCT,
                "contact_id",
                people="mail {outcome}",
            ),
        },
        foreign=_OF_CONTACT,
        row="outcome_id",
    ),
    Model(
        view="runs",
        says="ways through workflows, by when they began",
        time="at",
        dimensions={"state": Dimension("waiting, done, stopped, failed"), "workflow": _WORKFLOW, **_FROM_CONTACT},
        measures={
            "entries": Measure("entries into workflows"),
            "entered": Measure("different contacts that entered", Aggregate.DISTINCT, "contact_id"),
        },
        foreign=_IN_WORKFLOW,
        row="run_id",
    ),
    Model(
        view="routings",
        says="leads that a workflow gave to sales: a task made or an owner assigned",
        time="at",
        dimensions={
            "way": Dimension("task or owner"),
            "workflow": _WORKFLOW,
            **_FROM_CONTACT,
        },
        measures={
            "routed": Measure("leads given to sales", figure="routed {way}", figure_values=("task", "owner")),
            "routing_hours": Measure(
                "hours from entering the workflow to sales, together",
                Aggregate.SUM,
                "hours",
                figure="routed {way}",
                figure_values=("task", "owner"),
                figure_unit=3_600_000_000,
            ),
            "routing_median": Measure("hours from entering the workflow to sales", Aggregate.MEDIAN, "hours"),
        },
        foreign=_IN_WORKFLOW,
        row="routing_id",
    ),
    Model(
        view="approvals",
        says="requests for approval that were answered",
        time="at",
        dimensions={
            "subject": Dimension("release, campaign, content or step"),
            "verdict": Dimension("approved, refused, changes"),
            "team": Dimension("team that owns what was asked about"),
        },
        measures={
            "approvals_answered": Measure("requests answered"),
            "approval_hours": Measure("hours from request to answer, together", Aggregate.SUM, "hours"),
            "approval_median": Measure("hours from request to answer", Aggregate.MEDIAN, "hours"),
        },
        row="approval_id",
    ),
    Model(
        view="duplicates_prevented",
        says="what would have been there or been done twice",
        time="at",
        dimensions={
            "what": Dimension("contact: a form matched to the contact that was known; message: withheld, sent before"),
            **_FROM_CONTACT,
        },
        measures={
            "duplicates": Measure(
                "duplicates prevented", figure="duplicate {what}", figure_values=("contact", "message")
            )
        },
        foreign=_OF_CONTACT,
        row="duplicate_id",
    ),
    Model(
        view="withheld",
        says="what guards withheld, by when it was planned",
        time="at",
        dimensions={
            "why": Dimension("missing: a field that it requires was empty; other"),
            "kind": Dimension("what was to be done: send_message, create_task"),
            "step": Dimension("step of the workflow"),
            "workflow": _WORKFLOW,
            **_FROM_CONTACT,
        },
        measures={"withheld": Measure("effects withheld")},
        foreign=_IN_WORKFLOW,
        row="effect_id",
    ),
    Model(
        view="campaigns",
        says="campaigns, by when they begin",
        time="at",
        dimensions={
            "campaign": Dimension("the campaign"),
            "state": Dimension("state of the campaign"),
            "owner": Dimension("team that owns the campaign"),
            "playbook": Dimension("playbook that the campaign was made from"),
            "currency": Dimension("currency of the budget"),
        },
        measures={
            "campaigns": Measure("campaigns"),
            "campaign_cost": Measure("budgets of campaigns", Aggregate.SUM, "budget", currency="currency"),
        },
        primary=("campaign", "campaign"),
        row="campaign_number",
    ),
    Model(
        view="workflows",
        says="workflows",
        time="",
        dimensions={"owner": Dimension("team that owns the workflow"), "type": Dimension("type of the workflow")},
        primary=("workflow", "workflow"),
    ),
)
MODELS: Mapping[str, Model] = {model.view: model for model in _ALL}
#: By the entity that each has one row for.
PRIMARY: Mapping[str, Model] = {model.primary[0]: model for model in _ALL if model.primary}
_MEASURES = {name: (model, measure) for model in _ALL for name, measure in model.measures.items()}


def measures() -> Mapping[str, tuple[Model, Measure]]:
    """Everything that can be measured, by name."""
    return _MEASURES


def measure_of(name: str) -> tuple[Model, Measure]:
    """Raises KeyError.

    >>> measure_of("leads")[0].view
    'contacts'
    """
    return _MEASURES[name]


def dimension_of(model: Model, name: str) -> Dimension | None:
    """Its own, or that of an entity which its rows are about: `contact.stage`; None if there is no such.

    >>> dimension_of(MODELS["sends"], "workflow.owner").says
    'team that owns the workflow'
    >>> dimension_of(MODELS["contacts"], "workflow.owner")
    """
    entity, dot, own = name.partition(".")
    if not dot:
        return model.dimensions.get(name)
    other = PRIMARY.get(entity) if entity in model.foreign else None
    return other.dimensions.get(own) if other else None


def filter_of(model: Model, name: str) -> Dimension | None:
    """A dimension, or what rows about contacts are filtered by and not told apart by."""
    if name == ENTERED:
        return _ENTERED if entity_column(model, "contact") else None
    return dimension_of(model, name)


def entity_column(model: Model, entity: str) -> str | None:
    """The column in which its rows name an entity."""
    if model.primary and model.primary[0] == entity:
        return model.primary[1]
    return model.foreign.get(entity)


def within_workflow(models: Iterable[Model]) -> str:
    """By what numbers of all these rows together are narrowed to one workflow; empty where they cannot be.

    Where some rows tell of no workflow, it is by the contacts that have entered it.

    >>> sends, contacts, approvals = (MODELS[name] for name in ("sends", "contacts", "approvals"))
    >>> [within_workflow(models) for models in ([sends], [sends, contacts], [approvals])]
    ['workflow', 'entered', '']
    """
    known = list(models)
    if all("workflow" in model.dimensions for model in known):
        return "workflow"
    return ENTERED if all(entity_column(model, "contact") for model in known) else ""


def dimensions_of(model: Model) -> dict[str, Dimension]:
    """All that its rows can be grouped by."""
    joined = {
        f"{entity}.{name}": dimension
        for entity in model.foreign
        if entity in PRIMARY
        for name, dimension in PRIMARY[entity].dimensions.items()
        if name != entity and name not in model.dimensions
    }
    return {**model.dimensions, **joined}
