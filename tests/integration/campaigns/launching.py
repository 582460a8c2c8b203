"""Launches made from playbooks, with pages that are there, and taken on until others have agreed."""

from datetime import datetime
from typing import Any

from campaigns.actions import campaigns, checklists, playbooks, verdicts
from campaigns.models import ApprovalRequest, Campaign, ManualCheck
from campaigns.queries import checklists as lists
from campaigns.queries import playbooks as reading
from campaigns.runtime import checking, visits
from martechops.people.models import Team, User
from tests.integration.qa.conftest import FORM, Site
from tests.unit.campaigns.test_patterns import SAID

from .conftest import AT

#: Who signs for which team.
_SIGNS = {"email-team": "ben", "marketing-ops": "ana", "sales-ops": "sal"}


def made(key: str, ana: User, ops: Team, **said: Any) -> Campaign:
    version = reading.newest(key)
    assert version is not None
    return playbooks.instantiate(version=version, said=SAID[key] | said, owner=ops, by=ana, at=AT).campaign


def launch_at(site: Site, key: str, ana: User, ops: Team) -> Campaign:
    """Its form is the one that the demo's mapping takes."""
    said = {name: text.replace("https://example.com", site.address) for name, text in SAID[key].items()}
    pages = [text.removeprefix(site.address).partition("?")[0] for text in said.values() if site.address in text]
    site.pages |= dict.fromkeys(pages, FORM)
    return made(key, ana, ops, **said)


def checked(campaign: Campaign, *, at: datetime = AT) -> lists.Shown:
    """As it is once its addresses were visited."""
    checking.check("campaign", campaign.key, at=at)
    while visits.keep():
        pass
    checking.check("campaign", campaign.key, at=at)
    shown = lists.shown_now("campaign", campaign.key)
    assert shown is not None
    return shown


def agreed(campaign: Campaign, ana: User, *, at: datetime = AT) -> ApprovalRequest:
    """Checked, signed, asked for, and agreed to by the teams that the playbook names."""
    checked(campaign, at=at)
    for check in ManualCheck.objects.filter(checklist__key=campaign.key).select_related("team"):
        assert check.team is not None
        checklists.sign(check=check, by=User.objects.get(username=_SIGNS[check.team.key]), at=at)
    campaigns.move(campaign=campaign, verb="submit", by=ana, at=at)
    request = ApprovalRequest.objects.get(subject_kind="campaign", state="open")
    for name in ("ben", "kai"):
        request = verdicts.decide(request=request, verdict="approve", by=User.objects.get(username=name), at=at)
    campaign.refresh_from_db()
    assert (request.state, campaign.state) == ("approved", "approved")
    return request
