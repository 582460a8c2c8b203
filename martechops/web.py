"""What the web server calls: the ingest addresses first, then Django for everything else."""

import gc
import resource

from martechops.lib.rsgi import pages
from martechops.wsgi import application as django
from workflows.api import gate

#: A page is Python for almost all of its time, so more of them at once would not be faster. Each has a session with the
#: database; what ingest stores has one in all.
PAGE_THREADS = 16

application = gate.in_front_of(pages.in_threads(django, threads=PAGE_THREADS))

# A connection is an open file, of which many systems allow a program a thousand unless it asks.
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

# What was imported stays. Looking through it again and again for garbage was a quarter of the loop's time.
gc.collect()
gc.freeze()
