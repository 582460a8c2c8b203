from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "martechops.audit"
    label = "audit"
    verbose_name = "Audit"
