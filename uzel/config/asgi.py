"""The web application for an ASGI server."""

import os
import warnings

from django.conf import settings
from django.core.asgi import get_asgi_application

from uzel.config.embedded import in_time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "uzel.config.settings")
# WhiteNoise hands out files by plain iterators; they are small and Django reads them in one go.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
# Somebody waits for each page: a database that does not answer is told rather than waited for. Not so the pollers.
settings.DATABASES["default"].update(in_time(settings.DATABASES["default"]))
application = get_asgi_application()
