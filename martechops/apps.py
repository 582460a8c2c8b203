from django.apps import AppConfig


class MartechOpsConfig(AppConfig):
    name = "martechops"
    verbose_name = "MartechOps"
