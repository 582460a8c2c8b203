"""A playbook's parameters as a form: each by the control that its type has."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms

from campaigns.pattern import Parameter, Pattern
from campaigns.pattern.parameters import OF_CATALOG
from martechops.people.models import Role, Team, User
from workflows.models import LifecycleStage, Queue, Segment, System

#: What a list of definitions offers, by type of parameter: key and name of each.
_OFFERED: Mapping[str, Callable[[], Any]] = {
    "team": lambda: Team.objects.order_by("name").values_list("key", "name"),
    "system": lambda: System.objects.order_by("name").values_list("key", "name"),
    "segment": lambda: Segment.objects.order_by("name").values_list("key", "name"),
    "stage": lambda: LifecycleStage.objects.order_by("position").values_list("key", "name"),
    "queue": lambda: Queue.objects.order_by("name").values_list("key", "name"),
}
_TYPED = {"url": "url", "number": "number", "datetime": "datetime-local"}
#: Kinds of things that are nearly always as they were last time.
_USUAL = ("team", "system", "queue", "stage")


class LaunchForm(forms.Form):
    """Who owns it, and every parameter. The playbook itself reads and checks what is said."""

    def __init__(self, pattern: Pattern, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        teams = Team.objects.all() if user.has_role(Role.ADMIN) else user.teams.all()
        own = list(teams.order_by("name"))
        self.fields["owner"] = forms.ModelChoiceField(
            teams.order_by("name"), empty_label=None if len(own) == 1 else "Choose a team", label="Owner"
        )
        offered: dict[str, list[tuple[str, str]]] = {}
        self.pattern = pattern
        for parameter in pattern.parameters:
            self.fields[parameter.key] = _field(parameter, offered)
        for name, field in self.fields.items():
            field.widget.attrs["autocomplete"] = "off"
            if field.help_text:
                field.widget.attrs["aria-describedby"] = f"id_{name}_help"

    @property
    def first(self) -> list[Any]:
        """What differs from launch to launch and has no default."""
        return [self[one.key] for one in self.pattern.parameters if one.default is None]

    @property
    def usual(self) -> list[Any]:
        """What has a default and is about this launch."""
        return [self[p.key] for p in self.pattern.parameters if p.default is not None and p.type not in _USUAL]

    @property
    def settled(self) -> list[Any]:
        """Teams, systems, stages: who and where."""
        return [self[p.key] for p in self.pattern.parameters if p.default is not None and p.type in _USUAL]

    def said(self) -> dict[str, Any]:
        """Every parameter as it was typed."""
        return {one.key: self.data.get(one.key, "") for one in self.pattern.parameters}


def _field(parameter: Parameter, offered: dict[str, list[tuple[str, str]]]) -> forms.Field:
    initial = parameter.default if parameter.default is not None and "[[" not in str(parameter.default) else None
    said: dict[str, Any] = {
        "label": parameter.label,
        "help_text": parameter.help,
        "required": False,
        "initial": initial,
    }
    if parameter.type in OF_CATALOG:
        if parameter.type not in offered:
            offered[parameter.type] = list(_OFFERED[parameter.type]())
        return forms.CharField(widget=forms.Select(choices=[("", "Choose one"), *offered[parameter.type]]), **said)
    if parameter.choices:
        return forms.CharField(widget=forms.Select(choices=[(one, one) for one in parameter.choices]), **said)
    attrs: dict[str, Any] = {"type": _TYPED.get(parameter.type, "text")}
    if parameter.default is not None and initial is None:
        attrs["placeholder"] = "as the fields above say"
    return forms.CharField(widget=forms.TextInput(attrs=attrs), **said)
