from django.apps import AppConfig


class SandboxConfig(AppConfig):
    name = "martechops.sandbox"
    label = "sandbox"
    verbose_name = "Sandbox"
