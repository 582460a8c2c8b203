"""Pages about workflows, what goes through them, and what came of it."""

from django.urls import path

from workflows.views import contacts, events, runs, today, workflows

urlpatterns = [
    path("", today.show, name="today"),
    path("workflows/", workflows.listing, name="workflows"),
    path("workflows/<slug:key>/", workflows.detail, name="workflow"),
    path("runs/", runs.listing, name="runs"),
    path("runs/<int:run_id>/", runs.detail, name="run"),
    path("contacts/", contacts.listing, name="contacts"),
    path("contacts/<int:contact_id>/", contacts.detail, name="contact"),
    path("events/", events.listing, name="events"),
    path("events/quarantine/", events.quarantine, name="quarantine"),
    path("events/<int:event_id>/", events.detail, name="event"),
]
