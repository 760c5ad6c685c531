"""How what goes wrong is logged: to standard error, and never with the values of variables, which may be secrets."""

from __future__ import annotations

import sys

import structlog


def log_plainly() -> None:
    """Log to standard error with times in UTC; a traceback names lines of code and nothing else.

    structlog's own default shows the local variables of every frame, and with them passwords and tokens.
    """
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # as it is when something is logged
    )
