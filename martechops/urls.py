"""Every address of the product, by app."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import path

from martechops import pages
from martechops.people.views import SignIn

urlpatterns = [
    path("components/", pages.components, name="components"),
    path("login/", SignIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
]

handler400 = pages.bad_request
handler403 = pages.forbidden
handler404 = pages.not_found
