"""The demo workspace, for stories that are only rehearsed."""

from tests.integration.runtime.conftest import AT, demo, request_demo, send, settle

__all__ = ["AT", "demo", "request_demo", "send", "settle"]
