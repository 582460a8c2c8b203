"""What a new workflow is called, who owns it, and how it begins."""

from typing import Any

from django import forms

from martechops.people.models import Role, Team, User
from workflows.models import Workflow


class CopyForm(forms.Form):
    """Name, key and owner of a copy."""

    name = forms.CharField(max_length=120, help_text="As people say it: Demo request to nurture.")
    key = forms.SlugField(max_length=50, help_text="For files and the API; it stays as it is.")
    owner = forms.ModelChoiceField(Team.objects.none(), empty_label="Choose a team", help_text="Who answers for it.")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = Team.objects.all() if user.has_role(Role.ADMIN) else user.teams.all()
        self.fields["owner"].queryset = teams.order_by("name")  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            field.widget.attrs |= {"id": f"id_{name}", "autocomplete": "off"}
            if field.help_text:
                field.widget.attrs["aria-describedby"] = f"id_{name}_help"


class NewForm(CopyForm):
    """The same, with its type and what it begins with."""

    BEGINS = (
        ("steps", "With the usual steps of its type"),
        ("empty", "With nothing"),
        ("map", "As a map of how things are, never run"),
    )

    type = forms.ChoiceField(choices=Workflow.Type.choices)
    begins = forms.ChoiceField(choices=BEGINS, label="It begins")
    target = forms.ModelChoiceField(
        Workflow.objects.none(), required=False, empty_label="None", label="For a map: to be replaced by"
    )

    field_order = ("name", "key", "type", "owner", "begins", "target")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        targets = Workflow.objects.filter(map_only=False).order_by("name")
        self.fields["target"].queryset = targets  # type: ignore[attr-defined]
