"""What Mastodon.py asks servers with: requests, kept within the bounds that our own HTTP has (``bounded``).

https://requests.readthedocs.io/en/latest/user/advanced/#transport-adapters
"""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Any

from requests import Session
from requests.adapters import HTTPAdapter

from bot.networks import bounded

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

MOST_BYTES = 1024 * 1024
"""Of an answer: a token is short, and a server's page about itself has some ten thousand."""

WHOLE_SECONDS = 60.0
"""For an answer's body, as slowly as it may come."""

_PIECE = 64 * 1024


def straight() -> Session:
    """A session that follows no redirect: what is sent here, secrets among it, is for the named server alone.

    An answer that is longer than ``MOST_BYTES``, however it is packed, is ``Unanswered``.
    """
    made = Session()
    made.max_redirects = 0
    made.headers["Accept-Encoding"] = "gzip"
    for scheme in ("http://", "https://"):
        made.mount(scheme, _Bounded())
    return made


class _Bounded(HTTPAdapter):
    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:  # noqa: ANN401 -- handed on to requests as they are
        response = super().send(request, *args, **{**options, "stream": True})
        packings = [name.strip() for name in response.headers.get("Content-Encoding", "").split(",") if name.strip()]
        with bounded.within(WHOLE_SECONDS, "the server"), response:
            come = iter(partial(response.raw.read1, _PIECE, decode_content=False), b"")
            body = bounded.gathered(come, packings, MOST_BYTES, "the server")
        response.raw = io.BytesIO(body)
        return response
