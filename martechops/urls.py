"""Every address of the product, by app."""

from django.contrib import admin
from django.urls import path

from martechops import pages

urlpatterns = [
    path("components/", pages.components, name="components"),
    path("admin/", admin.site.urls),
]

handler400 = pages.bad_request
handler403 = pages.forbidden
handler404 = pages.not_found
