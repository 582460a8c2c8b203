"""Forms of approvals: asking, answering, letting somebody else answer."""

from typing import Any, Self

from django import forms
from django.db.models import QuerySet

from campaigns.models import Delegation, PersonalChat
from martechops.people.models import Role, User
from workflows.models import System


class AskForm(forms.Form):
    """What whoever agrees should know, and when it goes live then."""

    note = forms.CharField(
        label="What changes, and why",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Those who are asked read it first.",
    )
    go_live_at = forms.DateTimeField(
        label="Goes live by itself at",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="Empty: somebody takes it live once it is approved.",
    )


class BreakGlassForm(forms.Form):
    """Why it cannot wait."""

    reason = forms.CharField(
        label="Why it cannot wait",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What happens if it waits, in a sentence: every team reads it.",
    )


def chats() -> QuerySet[System]:
    """The chats that there are."""
    return System.objects.filter(kind=System.Kind.CHAT).order_by("name")


class OwnChatForm(forms.Form):
    """Where one is spoken to besides by e-mail, and by what name."""

    system = forms.ModelChoiceField(
        System.objects.none(), to_field_name="key", required=False, empty_label="in no chat", label="You"
    )
    member = forms.CharField(
        max_length=41, required=False, label="Your member id there", help_text="Such as U024BE7LH, or a name with @."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["system"].queryset = chats()  # type: ignore[attr-defined]

    @classmethod
    def of(cls, user: User) -> Self:
        """As the person has chosen."""
        row = PersonalChat.objects.filter(person=user).select_related("system").first()
        return cls(initial={"system": row.system.key, "member": row.member} if row else None)


class DelegationForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """Who answers in one's place, and until when."""

    class Meta:
        model = Delegation
        fields = ("taker", "until", "reason")
        labels = {"taker": "Who answers for you", "until": "Until", "reason": "Why"}
        widgets = {
            "until": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
            "reason": forms.TextInput(),
        }

    def __init__(self, *args: Any, giver: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        able = [
            user.pk for user in User.objects.filter(is_active=True).exclude(pk=giver.pk) if user.has_role(Role.APPROVER)
        ]
        field = self.fields["taker"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = User.objects.filter(pk__in=able).order_by("username")
        field.label_from_instance = lambda user: user.get_full_name() or user.username  # type: ignore[method-assign,assignment]
