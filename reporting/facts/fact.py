"""What every kind of fact says of itself."""

from django.db.models import Model

from martechops.lib.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """One table of facts."""

    #: What triggers note its raw rows as; several facts may be made of one kind of row.
    kind: str
    model: type[Model]
    #: The raw table.
    raw: type[Model]
    #: Columns by the SQL that gives them; `r` is the raw row, `c` the contact's fact. Each depends on nothing else
    #: that can change, or facts kept up would differ from facts made anew.
    columns: dict[str, str]
    #: What follows FROM, besides `r`.
    joins: str = ""
    #: Which raw rows have a fact.
    where: str = "TRUE"
    #: Rows of the daily figures that fact `f` counts in: VALUES of (day, figure, workflow, value); no day: not at all.
    #: Empty: there are so few that pages count them as they are.
    daily: str = ""

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def raw_table(self) -> str:
        return self.raw._meta.db_table

    @property
    def takes_from_contact(self) -> bool:
        """Whether it has to be made anew when its contact has another campaign or channel."""
        return any("c." in expression for expression in self.columns.values())


#: The contact of `r`, as far as it is known.
OF_CONTACT = "LEFT JOIN reporting_contactfact c ON c.id = r.contact_id"
#: Campaign and channel that most facts take from their contact.
FROM_CONTACT = {"campaign": "coalesce(c.campaign, '')", "channel": "coalesce(c.channel, '')"}


def day(column: str) -> str:
    """The day of an instant, as the workspace counts days. `{zone}` is filled in by the projection."""
    return f"({column} AT TIME ZONE {{zone}})::date"


def microseconds(until: str, since: str) -> str:
    """Between two instants, whole, so that sums of them can be taken apart again to the last one."""
    return f"(extract(epoch FROM {until} - {since}) * 1000000)::bigint"


def text(expression: str) -> str:
    """A label as people wrote it, without blanks around it and without being endless; empty where there is none."""
    return f"coalesce(left(btrim({expression}), 200), '')"
