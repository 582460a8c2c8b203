"""Addresses below /api/v1/."""

from rest_framework.routers import SimpleRouter

from campaigns.api.approvals import ApprovalViewSet, ReleaseViewSet
from campaigns.api.campaigns import CampaignViewSet
from campaigns.api.playbooks import PlaybookViewSet

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("approvals", ApprovalViewSet)
router.register("campaigns", CampaignViewSet)
router.register("playbooks", PlaybookViewSet)
router.register("releases", ReleaseViewSet)

urlpatterns = router.urls
