"""What the web server calls: the ingest addresses first, then Django for everything else."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "martechops.settings")

pages = get_wsgi_application()

from workflows.api import gate  # noqa: E402 - its models need Django to be set up

application = gate.in_front_of(pages)
