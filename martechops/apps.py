from django.apps import AppConfig


class MartechOpsConfig(AppConfig):
    name = "martechops"
    verbose_name = "MartechOps"

    def ready(self) -> None:
        """Every process that may ring needs the Celery app. Not in the package itself: bootstrap runs first."""
        from martechops import celery  # noqa: F401
