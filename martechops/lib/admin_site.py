"""Makes `martechops.lib.admin.Site` the admin site; apart from it, because apps are loaded before anything else."""

from django.contrib.admin.apps import AdminConfig


class AdminSiteConfig(AdminConfig):
    default_site = "martechops.lib.admin.Site"
