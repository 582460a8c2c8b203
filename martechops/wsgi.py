"""Django by itself, for a WSGI server; what `up` and the image run is `martechops.web`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "martechops.settings")

application = get_wsgi_application()
