"""Addresses below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from campaigns.api.approvals import ApprovalViewSet, ReleaseViewSet
from campaigns.api.campaigns import CampaignViewSet
from campaigns.api.content import ContentViewSet
from campaigns.api.criteria import CriteriaView
from campaigns.api.links import LinkViewSet
from campaigns.api.playbooks import PlaybookViewSet
from campaigns.api.repairs import RepairViewSet
from campaigns.api.rollouts import RolloutViewSet

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("approvals", ApprovalViewSet)
router.register("campaigns", CampaignViewSet)
router.register("content", ContentViewSet)
router.register("links", LinkViewSet, basename="link")
router.register("playbooks", PlaybookViewSet)
router.register("repairs", RepairViewSet)
router.register("releases", ReleaseViewSet)
router.register("rollouts", RolloutViewSet)

urlpatterns = [*router.urls, path("criteria", CriteriaView.as_view())]
