"""How long a kind of row is kept, as an admin chooses it."""

from django import forms

from workflows.actions.retention import LEAST_DAYS, MOST_DAYS

#: What most choose; any other number is typed.
_USUAL = {"": "For ever", "30": "30 days", "90": "90 days", "365": "A year", "730": "Two years", "other": "Other"}


class KeepForm(forms.Form):
    """One policy. `days` is what the action writes."""

    keep = forms.ChoiceField(choices=list(_USUAL.items()), required=False, label="Keep")
    other = forms.IntegerField(
        min_value=LEAST_DAYS, max_value=MOST_DAYS, required=False, label="Days", help_text="Where it is other."
    )

    @classmethod
    def of(cls, days: int | None) -> "KeepForm":
        """With what is set now."""
        known = "" if days is None else str(days) if str(days) in _USUAL else "other"
        return cls(initial={"keep": known, "other": days if known == "other" else None})

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        if data.get("keep") == "other" and not data.get("other") and "other" not in self.errors:
            self.add_error("other", "Type how many days.")
        return data

    @property
    def days(self) -> int | None:
        keep = self.cleaned_data["keep"]
        return self.cleaned_data["other"] if keep == "other" else int(keep) if keep else None
