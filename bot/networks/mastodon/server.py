"""The server we are on and the account we are there: asked once, remembered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from bot.domain.textlength import MASTODON
from bot.errors import NetworkError, Refused, Unauthorized
from bot.networks.ids import is_address
from bot.networks.mastodon import convert
from bot.networks.mastodon.convert import Place
from bot.networks.mastodon.wire import WireAccount, WireApplication, WireInstance
from bot.ports import Identity

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.domain.posts import PostRef
    from bot.domain.textlength import Limits
    from bot.networks.mastodon.http import Api

_CHARACTERS = range(100, 1_000_001)  # a server that says anything else of its posts' length is not believed
_DOMAIN = re.compile(r"[\w.-]{1,253}(?::\d{1,5})?")
_NOT_THERE = frozenset({403, 404, 405, 410, 422})


class Server:
    """What reading and writing both need to know.

    Args:
        api: requests to it.
        clock: gives the time, aware UTC.
    """

    def __init__(self, api: Api, clock: Callable[[], datetime]) -> None:
        self.api = api
        self._clock = clock
        self._instance: WireInstance | None = None
        self._me: WireAccount | None = None

    def instance(self) -> WireInstance:
        """The server's page about itself; of the older kind where there is no newer.

        https://docs.joinmastodon.org/methods/instance/
        """
        if self._instance is None:
            reply = self.api.get("/api/v2/instance", also=_NOT_THERE, urgent=True)
            if not reply.ok:
                reply = self.api.get("/api/v1/instance", urgent=True)
            self._instance = self.api.decode(reply, WireInstance)
        return self._instance

    def known_instance(self) -> WireInstance:
        """The same, or nothing known where it cannot be had just now."""
        try:
            return self.instance()
        except NetworkError:
            return WireInstance()

    def limits(self) -> Limits:
        """How long a post may be here; Mastodon's own 500 and 23 where the server does not say."""
        told = self.known_instance()
        statuses = told.configuration.statuses if told.configuration else None
        most = (statuses.max_characters if statuses else None) or told.max_toot_chars or MASTODON.most
        link = (statuses.characters_reserved_per_url if statuses else None) or MASTODON.link
        most = most if most in _CHARACTERS else MASTODON.most
        link = link if 0 < link <= MASTODON.link else MASTODON.link
        return msgspec.structs.replace(MASTODON, most=most, link=link)

    def me(self) -> WireAccount:
        """Our own account. https://docs.joinmastodon.org/methods/accounts/#verify_credentials."""
        if self._me is None:
            self._me = self.ask_me()
        return self._me

    def ask_me(self) -> WireAccount:
        """Our own account, asked again: this also proves that the login is accepted."""
        return self.api.decode(self.api.get("/api/v1/accounts/verify_credentials", urgent=True), WireAccount)

    def identity(self) -> Identity:
        """Who we are, which scopes the application has, what the server is and where its rules stand."""
        self._me, self._instance = self.ask_me(), None
        ahead = self.api.ahead
        told = self.instance()
        urls = told.configuration.urls if told.configuration else None
        terms = (urls and (urls.terms_of_service or urls.about)) or ""
        mine = convert.account(self._me, self.place())
        return Identity(
            id=mine.id,
            handle=mine.handle,
            url=mine.url,
            bot=mine.signals.bot,
            scopes=self._scopes(),
            software=convert.software(told),
            terms=terms if is_address(terms) else f"{self.api.url}/about",
            ahead=ahead,
        )

    def place(self) -> Place:
        """Where and when, for conversions."""
        told = self.known_instance()
        domain = told.domain or (told.uri or "").removeprefix("https://").removeprefix("http://").strip("/")
        return Place(self.api.host, domain if _DOMAIN.fullmatch(domain) else self.api.host, self._clock())

    def local(self, ref: PostRef) -> str | None:
        """A post's id on this server; ``None`` if another server gave it."""
        host, _, local = ref.id.rpartition("/")
        return local if local and host == self.api.host else None

    def must_be_local(self, ref: PostRef) -> str:
        """The same. Raises ``Refused`` for a post that this server does not know by that name."""
        local = self.local(ref)
        if local is None:
            raise Refused(f"{ref.id} was not given by {self.api.host}")
        return local

    def _scopes(self) -> tuple[str, ...]:
        """The application's scopes, since 4.3. https://docs.joinmastodon.org/methods/apps/#verify_credentials."""
        try:
            reply = self.api.get("/api/v1/apps/verify_credentials", urgent=True)
        except (Refused, Unauthorized):  # a token without an application, or a server without this method
            return ()
        return tuple(self.api.decode(reply, WireApplication).scopes or ())
