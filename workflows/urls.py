"""Pages about workflows, what goes through them, and what came of it."""

from django.urls import path

from workflows.views import contacts, events, quarantine, runs, today, workflows

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
]
