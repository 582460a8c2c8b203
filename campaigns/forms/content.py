"""A content item as its form shows and takes it."""

from typing import Any

from django import forms
from django.core.validators import URLValidator

from campaigns.forms.campaign import Commas, Moment
from martechops.people.models import Role, Team, User
from workflows.models import ContentItem

_PLAIN = ("name", "channels", "planned_for", "link", "body")


class ContentForm(forms.Form):
    """What it says, and where and when it is published."""

    name = forms.CharField(max_length=160)
    channels = Commas(required=False, help_text="Where it is published and promoted, with commas: blog, newsletter.")
    planned_for = Moment()
    link = forms.CharField(
        max_length=500,
        required=False,
        validators=[URLValidator(schemes=["http", "https"])],
        widget=forms.URLInput,
        help_text="Where it can be read, once it is published.",
    )
    body = forms.CharField(required=False, strip=False, widget=forms.Textarea(attrs={"rows": 10}), label="Text")

    def __init__(self, data: Any = None, *, item: ContentItem) -> None:
        super().__init__(data, initial={name: getattr(item, name) for name in _PLAIN})
        _describe(self)

    def clean_body(self) -> str:
        """With plain line ends: browsers send CR LF whatever was there."""
        return str(self.cleaned_data["body"]).replace("\r\n", "\n")

    def fill(self, item: ContentItem) -> None:
        """Let the row, unsaved, say what the form says; a field that was not sent stays."""
        for name in _PLAIN:
            if name in self.data:
                setattr(item, name, self.cleaned_data[name])


class PlanForm(forms.Form):
    """Something new, with no more than it takes to put it on the board."""

    name = forms.CharField(max_length=160)
    kind = forms.ChoiceField(choices=ContentItem.Kind.choices)
    owner = forms.ModelChoiceField(
        Team.objects.none(), to_field_name="key", empty_label="Choose a team", label="Team", help_text=""
    )
    channels = Commas(required=False)
    planned_for = Moment()

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data, prefix=None)
        teams = Team.objects.all() if user.has_role(Role.ADMIN) else user.teams.all()
        self.fields["owner"].queryset = teams.order_by("name")  # type: ignore[attr-defined]
        self.fields["channels"].widget.attrs["placeholder"] = "blog, newsletter"
        _describe(self)


def _describe(form: forms.Form) -> None:
    for name, field in form.fields.items():
        field.widget.attrs.setdefault("autocomplete", "off")
        if field.help_text:
            field.widget.attrs["aria-describedby"] = f"id_{name}_help"
