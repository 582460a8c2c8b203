"""A campaign as its form shows and takes it."""

from typing import Any

from django import forms

from campaigns.models import Campaign
from campaigns.naming import UTM_PARAMETERS
from martechops.people.models import Role, Team, User
from workflows.models import ContentItem, Segment, Workflow


class Commas(forms.CharField):
    """A list of short texts, written with commas between them."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [text.strip() for text in str(value or "").split(",") if text.strip()]


class Moment(forms.DateTimeField):
    """A date and a time, by the clock of who looks."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, required=False, **kwargs)


class CampaignForm(forms.Form):
    """Everything that a draft says, its UTM parameters one by one."""

    name = forms.CharField(max_length=160, help_text="By the naming convention for campaigns.")
    brief = forms.CharField(widget=forms.Textarea(attrs={"rows": 5}), required=False, help_text="Goal, message, offer.")
    owner = forms.ModelChoiceField(Team.objects.none(), empty_label="Choose a team", help_text="Who answers for it.")
    channels = Commas(required=False, help_text="With commas: email, webinar.")
    audience = forms.ModelChoiceField(Segment.objects.order_by("name"), required=False, empty_label="Not said yet")
    starts_at = Moment(label="Starts")
    ends_at = Moment(label="Ends")
    budget = forms.DecimalField(max_digits=12, decimal_places=2, min_value=0, required=False)
    currency = forms.RegexField(
        r"\A[A-Z]{3}\Z", initial="EUR", error_messages={"invalid": "Three capital letters, such as EUR."}
    )
    crm_campaign_id = forms.CharField(max_length=120, required=False, label="CRM campaign id")
    email_campaign_ids = Commas(required=False, label="E-mail campaign ids", help_text="As the e-mail tools call them.")
    workflows = forms.ModelMultipleChoiceField(
        Workflow.objects.filter(map_only=False),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Standing workflows",
        help_text="They go on by themselves; its own start and stop with it.",
    )
    content = forms.ModelMultipleChoiceField(
        ContentItem.objects.order_by("name"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Any = None, *, user: User, campaign: Campaign) -> None:
        super().__init__(data, initial=_initial(campaign))
        teams = Team.objects.all() if user.has_role(Role.ADMIN) else user.teams.all()
        self.fields["owner"].queryset = teams.order_by("name")  # type: ignore[attr-defined]
        for name in UTM_PARAMETERS:
            said = campaign.utm.get(name, "")
            self.fields[f"utm_{name}"] = forms.CharField(
                required=False, max_length=200, label=f"utm_{name}", initial=said
            )
        for name, field in self.fields.items():
            field.widget.attrs.setdefault("autocomplete", "off")
            if field.help_text:
                field.widget.attrs["aria-describedby"] = f"id_{name}_help"

    @property
    def utm_fields(self) -> list[Any]:
        """Beside one another on the page."""
        return [self[f"utm_{name}"] for name in UTM_PARAMETERS]

    def clean_brief(self) -> str:
        """With plain line ends: browsers send CR LF whatever was there."""
        return str(self.cleaned_data["brief"]).replace("\r\n", "\n")

    def fill(self, campaign: Campaign) -> None:
        """Let the row, unsaved, say what the form says."""
        for name in _PLAIN:
            setattr(campaign, name, self.cleaned_data[name])
        said = {name: self.cleaned_data[f"utm_{name}"].strip() for name in UTM_PARAMETERS}
        campaign.utm = {name: text for name, text in said.items() if text}


_PLAIN = (
    *("name", "brief", "owner", "channels", "audience", "starts_at", "ends_at", "budget", "currency"),
    *("crm_campaign_id", "email_campaign_ids"),
)


def _initial(campaign: Campaign) -> dict[str, Any]:
    if campaign._state.adding:
        return {"channels": campaign.channels, "currency": campaign.currency, "name": campaign.name}
    own = set(campaign.parts.filter(is_own=True).values_list("workflow_id", flat=True))
    used = campaign.parts.values_list("workflow_id", flat=True)
    return {name: getattr(campaign, name) for name in _PLAIN} | {
        "owner": campaign.owner_id,
        "audience": campaign.audience_id,
        "workflows": [pk for pk in used if pk not in own],
        "content": list(campaign.pieces.values_list("item_id", flat=True)),
    }
