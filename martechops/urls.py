"""Every address of the product, by app."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from martechops import health, pages
from martechops.people import team_pages, token_pages
from martechops.people.views import SignIn

urlpatterns = [
    path("", include("workflows.urls")),
    path("", include("campaigns.urls")),
    path("", include("reporting.urls")),
    path("", include("martechops.sandbox.urls")),
    path("", include("workflows.api.ingest_urls")),
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("metrics", health.metrics),
    path("components/", pages.components, name="components"),
    path("tokens/", token_pages.listing, name="tokens"),
    path("teams/", team_pages.listing, name="teams"),
    path("login/", SignIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("api/v1/", include("reporting.api.urls")),
    path("api/v1/", include("campaigns.api.urls")),
    path("api/v1/", include("workflows.api.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(template_name="people/api_docs.html"), name="api-docs"),
    path("admin/", admin.site.urls),
]

handler400 = pages.bad_request
handler403 = pages.forbidden
handler404 = pages.not_found
