"""Pages about workflows, what goes through them, and what came of it."""

from django.urls import path

from workflows.views import contacts, events, quarantine, runs, segments, today, workflows

urlpatterns = [
    path("", today.show, name="today"),
    path("workflows/", workflows.listing, name="workflows"),
    path("workflows/<slug:key>/", workflows.detail, name="workflow"),
    path("runs/", runs.listing, name="runs"),
    path("runs/<int:run_id>/", runs.detail, name="run"),
    path("contacts/", contacts.listing, name="contacts"),
    path("contacts/<int:contact_id>/", contacts.detail, name="contact"),
    path("events/", events.listing, name="events"),
    path("events/quarantine/", quarantine.listing, name="quarantine"),
    path("events/<int:event_id>/", events.detail, name="event"),
    path("events/<int:event_id>/replay/", quarantine.replay, name="event-replay"),
    path("events/<int:event_id>/fix/", quarantine.fix, name="event-fix"),
    path("events/<int:event_id>/dismiss/", quarantine.dismiss, name="event-dismiss"),
    path("segments/", segments.listing, name="segments"),
    path("segments/new/", segments.edit, name="segment-new"),
    path("segments/builder/", segments.rows, name="segment-builder"),
    path("segments/preview/", segments.preview, name="segment-preview"),
    path("segments/<slug:key>/", segments.detail, name="segment"),
    path("segments/<slug:key>/count/", segments.count, name="segment-number"),
    path("segments/<slug:key>/edit/", segments.edit, name="segment-edit"),
    path("segments/<slug:key>/status/", segments.status, name="segment-status"),
    path("segments/<slug:key>/restore/", segments.restore, name="segment-restore"),
]
