"""Addresses below /api/v1/."""

from django.urls import path

from reporting.api.health import HealthView, StepsView

urlpatterns = [
    path("health", HealthView.as_view()),
    path("health/steps", StepsView.as_view()),
]
