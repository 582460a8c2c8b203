"""Pages about what it added up to."""

from django.urls import path

from reporting.views import results

urlpatterns = [path("results/", results.show, name="results")]
