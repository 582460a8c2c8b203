"""Who is asked gets one letter with one link, and who asked hears what became of it."""

from datetime import timedelta

import pytest

from campaigns.actions import verdicts
from campaigns.models import ApprovalRequest, Letter
from campaigns.runtime import letters
from martechops.people.models import User
from martechops.sandbox.models import MailboxMessage

from .conftest import AT


@pytest.mark.requirement("D3")
def test_letters_go_to_those_who_are_asked_once_and_back_to_who_asked(
    request_: ApprovalRequest, ana: User, ben: User
) -> None:
    asked = set(Letter.objects.values_list("person__username", flat=True))
    assert "ben" in asked
    assert "ana" not in asked
    assert "ida" not in asked
    assert letters.deliver(at=AT) == len(asked)
    assert letters.deliver(at=AT) == 0
    mail = MailboxMessage.objects.get(to=ben.email)
    assert f"/approvals/{request_.pk}/" in mail.text
    assert MailboxMessage.objects.count() == len(asked)
    verdicts.decide(request=request_, verdict="ask", by=ben, at=AT, comment="Too often.")
    letters.deliver(at=AT)
    assert "Too often." in MailboxMessage.objects.get(to=ana.email).text


@pytest.mark.requirement("D8")
def test_letter_whose_worker_went_away_is_never_sent_again(request_: ApprovalRequest) -> None:
    Letter.objects.update(state="reserved", reserved_at=AT)
    assert letters.deliver(at=AT + timedelta(minutes=6)) == 0
    assert set(Letter.objects.values_list("state", flat=True)) == {"uncertain"}
    assert not MailboxMessage.objects.exists()
