"""Pages about launches."""

from django.urls import path

from campaigns.views import campaigns

urlpatterns = [
    path("campaigns/", campaigns.listing, name="campaigns"),
    path("campaigns/new/", campaigns.new, name="campaign-new"),
    path("campaigns/<slug:key>/", campaigns.detail, name="campaign"),
    path("campaigns/<slug:key>/edit/", campaigns.edit, name="campaign-edit"),
    path("campaigns/<slug:key>/move/", campaigns.move, name="campaign-move"),
]
