"""What a salesperson fills in about a record of the sandbox CRM."""

from typing import Any

from django import forms

from martechops.sandbox import crm
from martechops.sandbox.models import CrmRecord


class RecordForm(forms.Form):
    """One record. `values` is what was typed, a number where there was one."""

    def __init__(self, data: Any = None, *, record: CrmRecord) -> None:
        self.record = record
        super().__init__(data)
        self.fields["status"] = _choice("Status", crm.STATUSES, record.status)
        self.fields["owner"] = _choice("Owner", crm.OWNERS, record.owner)
        for name in dict.fromkeys([*crm.FIELDS, *record.fields]):
            label = name.replace("_", " ").capitalize()
            value = record.fields.get(name)
            initial = "" if value is None else value
            self.fields[name] = forms.CharField(label=label, required=False, max_length=500, initial=initial)

    @property
    def values(self) -> dict[str, Any]:
        """Every field that says something else now."""
        typed = {name: _read(self.cleaned_data[name], self._was(name)) for name in self.fields}
        return {name: value for name, value in typed.items() if value != self._was(name)}

    def _was(self, name: str) -> Any:
        return getattr(self.record, name) if name in ("status", "owner") else self.record.fields.get(name, "")


def _choice(label: str, known: tuple[str, ...], now: str) -> forms.ChoiceField:
    values = dict.fromkeys([*known, now])
    return forms.ChoiceField(
        label=label, required=False, initial=now, choices=[(value, value or "nobody") for value in ["", *values]]
    )


def _read(text: str, was: Any) -> Any:
    """What stood there as a number stays one where it can."""
    if not isinstance(was, int | float) or isinstance(was, bool):
        return text
    try:
        return type(was)(text)
    except ValueError:
        return text
