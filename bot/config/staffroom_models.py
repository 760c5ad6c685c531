"""What may stand in ``staffroom.yaml``, key by key. The descriptions are what editors show beside each key.

Every field reads the text as it was written (see ``yaml_source``); its kinds are in ``fields``.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema, field_validator

from bot.config import words
from bot.config.block import Block
from bot.config.fields import (
    ONE_OR_MANY,
    Address,
    Day,
    Language,
    Listen,
    Mailbox,
    MailServer,
    OrText,
    Port,
    Recipient,
    Stream,
    Word,
    distinct,
)
from bot.config.publish_models import PlaceBlock  # noqa: TC001 - pydantic reads it at run time
from bot.config.words import Wrong


class SiteBlock(Block):
    """The archive: a folder of plain pages."""

    title: Word = Field(description="The archive's name.", examples=["Staffroom"])
    address: Address = Field(
        description="Where people find it, for links in posts.", examples=["https://chats.example.org"]
    )
    folder: Word = Field("site", description="Where the pages are written, within the bot's folder.", examples=["site"])
    language: Language = Field("en", description="The language of its own words, as a short tag.", examples=["en"])
    report: Word = Field(
        "",
        description="Where an answer is reported: an e-mail address, or a form's address, in which {answer} stands for"
        " the answer's own. Left out, it is the contact.",
        examples=["safe@example.org"],
    )
    guidelines: Day | None = Field(
        None,
        description="The day on which you adopted the guidelines that stand on the archive, after they were checked."
        " Without it the page says that nobody has.",
        examples=["2027-01-04"],
    )

    @field_validator("report")
    @classmethod
    def _reachable(cls, value: str) -> str:
        return _reached(value) if value else value


def _reached(value: str) -> str:
    """An e-mail or web address as it stands; anything else is refused."""
    if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+|https?://\S+", value):
        return value
    raise Wrong(f"“{words.shown(value)}” is neither an e-mail address nor a web address.", "chats@example.org")


def _streams(value: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    """A single address stands for a list of one, ``none`` for an empty list."""
    if isinstance(value, str) and value.strip().lower() in {"none", "off", "no"}:
        return ()
    return words.listed(value)


class AccountBlock(Block):
    """One account that speaks. Its name is the key it stands under."""

    network: Annotated[
        Literal["bluesky", "mastodon"] | None,
        PlainValidator(words.one_of("bluesky", "mastodon", synonyms={"bsky": "bluesky", "fediverse": "mastodon"})),
        WithJsonSchema({"enum": ["bluesky", "mastodon"]}),
    ] = Field(None, description="bluesky or mastodon; not needed where the name says it.", examples=["bluesky"])
    handle: Word = Field("", description="Its handle. Needed for Bluesky.", examples=["edchat.example.org"])
    server: Address | None = Field(
        None,
        description="Mastodon: the server it lives on (needed). Bluesky: its PDS, https://bsky.social if left out.",
        examples=["https://social.example.org"],
    )
    appview: Address | None = Field(
        None,
        description="Bluesky: another server to read from. Hardly ever needed.",
        examples=["https://api.example.org"],
    )
    streams: Annotated[tuple[Stream, ...] | None, BeforeValidator(_streams), OrText()] = Field(
        None,
        description="Bluesky: where answers are heard live, best first: a Jetstream, or the firehose of a server of"
        " your own. Left out, it is Bluesky's own four or your server's; none switches it off. Hardly ever needed.",
        examples=["[wss://jetstream.example.org/subscribe]"],
    )
    characters: int | None = Field(
        None,
        ge=100,
        le=1_000_000,
        description="Mastodon: how long a post may be on this server, where it is not 500.",
        examples=["500"],
    )


class MailBlock(Block):
    """The server that carries mail. Its password is STAFFROOM_MAIL_PASSWORD in the environment."""

    server: MailServer = Field(
        description="The mail server that takes your mail, without its port.", examples=["smtp.example.org"]
    )
    port: Port = Field(
        587, description="Its port: 587 (encrypted by STARTTLS) or 465 (by TLS at once).", examples=["587"]
    )
    sender: Mailbox = Field(description="Whose mail it is.", examples=["staffroom@example.org"])
    user: Word = Field(
        "", description="The user's name for the login, where the server wants one.", examples=["staffroom@example.org"]
    )


class AlertsBlock(Block):
    """Who is told when a prompt is missed, a network is silent or a login is refused."""

    to: Annotated[tuple[Recipient, ...], *ONE_OR_MANY] = Field(
        description="Mail addresses, and handles that get a private message from the bot.",
        examples=['[ops@example.org, "@sam@social.example.org"]'],
    )
    mail: MailBlock | None = Field(
        None,
        description="The server that carries mail; needed where a mail address stands under to:.",
        examples=["{server: smtp.example.org, sender: staffroom@example.org}"],
    )

    @field_validator("to")
    @classmethod
    def _somebody(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise Wrong("Somebody has to stand here.", "[ops@example.org]")
        return distinct(value)


class NewsletterBlock(Block):
    """A newsletter by mail about what was said: topics, questions and figures, nobody's words."""

    recipients: Word = Field(
        "newsletter.txt",
        description="The file with the addresses, one a line, within the bot's folder; only you may read it (0600).",
        examples=["newsletter.txt"],
    )
    mail: MailBlock | None = Field(
        None,
        description="The server that carries it, if not the one under alerts:.",
        examples=["{server: smtp.example.org, sender: chats@example.org}"],
    )
    unsubscribe: Address | None = Field(
        None,
        description="An https address of yours that takes the wish to get no more at one click (RFC 8058).",
        examples=["https://example.org/unsubscribe"],
    )

    @field_validator("unsubscribe")
    @classmethod
    def _safe(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("https://"):
            raise Wrong("Mail programs take an address that begins with https:// only.")
        return value


class DownloadsBlock(Block):
    """Where people fetch the records that they asked for, each once: given out by the bot itself."""

    address: Address = Field(
        description="The https address under which your web server passes requests on to the bot.",
        examples=["https://records.example.org"],
    )
    listen: Listen = Field(
        "127.0.0.1:9465",
        description="Where the bot answers your web server: on this computer alone, unless you write another address.",
        examples=["127.0.0.1:9465"],
    )

    @field_validator("address")
    @classmethod
    def _safe(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
            raise Wrong("A record is private: only an address that begins with https:// will do.")
        if parts.query or parts.fragment:
            raise Wrong("An address under which others stand has neither ? nor # in it.")
        return value


class StaffroomFile(Block):
    """What holds for all series of one bot."""

    database: Word = Field(
        "sqlite:///staffroom.db",
        description="Where everything is kept: sqlite:///staffroom.db or postgresql://host/name. An address with a"
        " password stands in the environment, as STAFFROOM_DATABASE.",
        examples=["sqlite:///staffroom.db"],
    )
    contact: Word = Field(description="How people reach you: an e-mail or web address.", examples=["chats@example.org"])
    controller: Word = Field(description="Who answers for the archive.", examples=["Example Teachers' Association"])
    site: SiteBlock = Field(
        description="The archive.", examples=["{title: Staffroom, address: https://chats.example.org}"]
    )
    networks: dict[str, AccountBlock] = Field(
        description="The accounts that speak, each under its name: bluesky, mastodon, or a name of your own.",
        examples=["{mastodon: {server: https://social.example.org}}"],
    )
    alerts: AlertsBlock | None = Field(
        None,
        description="Who is told when a prompt is missed, a network is silent or a login is refused.",
        examples=['{to: ["@sam@social.example.org"]}'],
    )
    newsletter: NewsletterBlock | None = Field(
        None,
        description="A newsletter by mail about what was said.",
        examples=["{recipients: newsletter.txt}"],
    )

    downloads: DownloadsBlock | None = Field(
        None,
        description="Where people fetch the records that they asked for, each once.",
        examples=["{address: https://records.example.org}"],
    )

    publish: tuple[PlaceBlock, ...] = Field(
        (),
        description="Other places where the archive is put, each after a dash.",
        examples=["[{git: 'https://git.example.org/edchat/pages.git'}]"],
    )

    @field_validator("database")
    @classmethod
    def _url(cls, value: str) -> str:
        if re.match(r"(sqlite|postgresql)(\+\w+)?://", value):
            return value
        fit = value.replace("postgres://", "postgresql://", 1) if value.startswith("postgres://") else ""
        if not fit and re.fullmatch(r"[\w./-]+", value):
            fit = f"sqlite:///{value}"
        raise Wrong(f"“{words.shown(value)}” is no database that I know: sqlite:///… or postgresql://….", fit)

    @field_validator("contact")
    @classmethod
    def _reachable(cls, value: str) -> str:
        return _reached(value)

    @field_validator("networks")
    @classmethod
    def _some(cls, value: dict[str, AccountBlock]) -> dict[str, AccountBlock]:
        if not value:
            raise Wrong("At least one account has to stand here.", "{mastodon: {server: https://social.example.org}}")
        return value
