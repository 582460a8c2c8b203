"""Pages of the far sides of our own."""

from django.urls import path

from martechops.sandbox.views import crm, mailbox

urlpatterns = [
    path("mailbox/", mailbox.listing, name="mailbox"),
    path("mailbox/<int:message_id>/", mailbox.detail, name="mailbox-message"),
    path("mailbox/<int:message_id>/body/", mailbox.body, name="mailbox-body"),
    path("crm/", crm.listing, name="crm"),
    path("crm/<int:record_id>/", crm.detail, name="crm-record"),
]
