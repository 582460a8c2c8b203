"""Addresses below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from workflows.api.catalog import FieldViewSet, StageViewSet, SystemViewSet, TeamViewSet
from workflows.api.connections import ConnectionViewSet
from workflows.api.contacts import ContactViewSet
from workflows.api.definitions import (
    BlockViewSet,
    ConventionViewSet,
    EventTypeViewSet,
    MappingViewSet,
    ScoringViewSet,
    TemplateViewSet,
)
from workflows.api.effects import EffectViewSet
from workflows.api.events import EventViewSet
from workflows.api.handoffs import HandoffViewSet
from workflows.api.imports import ImportViewSet
from workflows.api.in_flight import InFlightView
from workflows.api.lint import LintView, ReadinessView, WorkflowLintView
from workflows.api.nowhere import Nowhere
from workflows.api.replays import ReplayViewSet
from workflows.api.runs import RunViewSet
from workflows.api.scenarios import ScenarioViewSet
from workflows.api.segments import SegmentViewSet
from workflows.api.workflows import VersionViewSet, WorkflowViewSet
from workflows.api.workspace import ApplyView, ExportView, PlanView

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("contacts", ContactViewSet)
router.register("events", EventViewSet)
router.register("handoffs", HandoffViewSet)
router.register("imports", ImportViewSet)
router.register("replays", ReplayViewSet)
router.register("runs", RunViewSet)
router.register("effects", EffectViewSet)
router.register("connections", ConnectionViewSet, basename="connection")
router.register("segments", SegmentViewSet)
router.register("systems", SystemViewSet)
router.register("fields", FieldViewSet)
router.register("stages", StageViewSet)
router.register("teams", TeamViewSet)
router.register("event-types", EventTypeViewSet)
router.register("mappings", MappingViewSet)
router.register("templates", TemplateViewSet)
router.register("blocks", BlockViewSet)
router.register("scenarios", ScenarioViewSet)
router.register("conventions", ConventionViewSet)
router.register("scoring", ScoringViewSet)
router.register("workflows", WorkflowViewSet)
router.register("versions", VersionViewSet)

urlpatterns = [
    *router.urls,
    path("lint", LintView.as_view()),
    path("workflows/<slug:key>/lint", WorkflowLintView.as_view()),
    path("workflows/<slug:key>/readiness", ReadinessView.as_view()),
    path("versions/<int:pk>/in-flight", InFlightView.as_view()),
    path("workspace/export", ExportView.as_view()),
    path("workspace/plan", PlanView.as_view()),
    path("workspace/apply", ApplyView.as_view()),
    path("<path:rest>", Nowhere.as_view()),
]
