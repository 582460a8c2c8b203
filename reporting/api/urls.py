"""Addresses below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from reporting.api.archives import ArchivedNumbersViewSet
from reporting.api.health import HealthView, StepsView
from reporting.api.metrics import MetricViewSet
from reporting.api.reports import ReportViewSet

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("archived-numbers", ArchivedNumbersViewSet)
router.register("metrics", MetricViewSet)
router.register("reports", ReportViewSet)

urlpatterns = [
    *router.urls,
    path("health", HealthView.as_view()),
    path("health/steps", StepsView.as_view()),
]
