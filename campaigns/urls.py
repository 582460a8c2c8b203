"""Pages about launches."""

from django.urls import path

from campaigns.views import campaigns, launches, links, playbooks

urlpatterns = [
    path("campaigns/", campaigns.listing, name="campaigns"),
    path("campaigns/new/", launches.new, name="campaign-new"),
    path("campaigns/new/preview/", launches.preview, name="campaign-preview"),
    path("campaigns/calendar/", campaigns.month, name="campaign-calendar"),
    path("links/", links.listing, name="links"),
    path("campaigns/blank/", campaigns.new, name="campaign-blank"),
    path("playbooks/", playbooks.listing, name="playbooks"),
    path("playbooks/new/", playbooks.new, name="playbook-new"),
    path("playbooks/<slug:key>/", playbooks.detail, name="playbook"),
    path("playbooks/<slug:key>/file/", playbooks.file, name="playbook-file"),
    path("campaigns/<slug:key>/reach/", campaigns.reach, name="campaign-reach"),
    path("campaigns/<slug:key>/", campaigns.detail, name="campaign"),
    path("campaigns/<slug:key>/edit/", campaigns.edit, name="campaign-edit"),
    path("campaigns/<slug:key>/move/", campaigns.move, name="campaign-move"),
]
