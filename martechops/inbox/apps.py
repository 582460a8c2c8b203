from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "martechops.inbox"
    label = "inbox"
