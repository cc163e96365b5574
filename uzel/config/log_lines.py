"""What is written to the logs, and how much of it."""

import logging

from django.core.exceptions import PermissionDenied


class RefusalInOneLine(logging.Filter):
    """A page refused to a role is no error of ours: its line says who asked for what, a traceback says nothing."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the traceback from a refusal; let everything pass."""
        if record.exc_info and isinstance(record.exc_info[1], PermissionDenied):
            record.exc_info = record.exc_text = None
        return True
