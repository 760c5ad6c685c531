"""What may stand under ``publish:`` in ``staffroom.yaml``: other places where the archive is put."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema, field_validator

from bot.config import durations, words
from bot.config.block import Block
from bot.config.fields import ONE_OR_MANY, STRING, Address, Word
from bot.config.words import Wrong, shown

SITE = "{site}"
"""Stands for the site's folder in a command's words."""

_NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")
_SCHEMES = re.compile(r"(https?|ssh|git|file)://\S+")
_BY_SSH = re.compile(r"(?:[\w.-]+@)?[\w.-]+:(?!//)[^\s:]\S*", re.ASCII)  # user@host:path, as ssh and git write it
_BRANCH = re.compile(r"(?![/.])[\w./-]+(?<![/.])", re.ASCII)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/[\w.-]+)*", re.ASCII)
_MINUTE = timedelta(minutes=1)


def _name(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    word = words.text(value)
    if not _NAME.fullmatch(word):
        fit = re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-0123456789")[:30] or "web"
        raise Wrong(f"“{shown(word)}” is no name for a place; it takes small letters, digits and hyphens.", fit)
    return word


def _repository(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    word = words.text(value)
    if _SCHEMES.fullmatch(word) or (_BY_SSH.fullmatch(word) and not word.startswith("-")):
        return word
    say = f"“{shown(word)}” is no address of a git repository that I know."
    raise Wrong(say, "https://git.example.org/edchat/pages.git")


def _branch(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    word = words.text(value)
    if not _BRANCH.fullmatch(word) or re.search(r"\.\.|//|/\.|\.lock(/|$)", word) or word.startswith("-"):
        raise Wrong(f"“{shown(word)}” cannot be the name of a branch.", "pages")
    return word


def _bucket(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    word = words.text(value).removeprefix("s3://").strip("/")
    if not _BUCKET.fullmatch(word) or ".." in word or "/." in word:
        say = f"“{shown(word)}” is no bucket: its name, and behind a slash a folder in it."
        raise Wrong(say, "edchat-archive/site")
    return word


def _command(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    if not isinstance(value, str) or not value:
        raise Wrong("Each word of a command is a text of its own.")
    return value


class PlaceBlock(Block):
    """One place: a git branch, S3-compatible storage, or wherever a command brings the pages."""

    name: Annotated[str, PlainValidator(_name), WithJsonSchema(STRING)] = Field(
        "", description="What it is called in messages and in its secrets' names: git, s3 or command if left out.",
        examples=["web"],
    )  # fmt: skip
    git: Annotated[str, PlainValidator(_repository), WithJsonSchema(STRING)] = Field(
        "", description="A git repository. Its token is STAFFROOM_GIT_TOKEN in the environment (or so, by its name).",
        examples=["https://git.example.org/edchat/pages.git"],
    )  # fmt: skip
    branch: Annotated[str, PlainValidator(_branch), WithJsonSchema(STRING)] = Field(
        "", description="git: the branch, which belongs to the archive alone; pages if left out.", examples=["pages"]
    )
    user: Word = Field(
        "", description="git: the user's name beside the token. Hardly ever needed.", examples=["edchat"]
    )
    s3: Annotated[str, PlainValidator(_bucket), WithJsonSchema(STRING)] = Field(
        "", description="A bucket, and behind a slash a folder in it. Its keys are STAFFROOM_S3_KEY and"
        " STAFFROOM_S3_SECRET in the environment (or so, by its name).",
        examples=["edchat-archive/site"],
    )  # fmt: skip
    endpoint: Address | None = Field(
        None, description="s3: the storage's address, where it is not Amazon's.", examples=["https://s3.example.org"]
    )
    region: Word = Field("", description="s3: its region, as the storage calls it.", examples=["eu-central-1"])
    command: Annotated[
        tuple[Annotated[str, PlainValidator(_command), WithJsonSchema(STRING)], ...], *ONE_OR_MANY
    ] = Field(
        (), description="A program and its arguments, each a text of its own; {site} stands for the folder of pages.",
        examples=['[rsync, -a, --delete-before, "{site}/", "web@example.org:/srv/chats/"]'],
    )  # fmt: skip
    within: Annotated[
        timedelta,
        PlainValidator(durations.duration(_MINUTE, 10 * _MINUTE, "5 minutes")),
        WithJsonSchema(STRING),
    ] = Field(5 * _MINUTE, description="command: how long it may take; then it is stopped.", examples=["5 minutes"])

    @field_validator("command")
    @classmethod
    def _names_the_site(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value and not any(SITE in word for word in value[1:]):
            raise Wrong("The command is not told where the pages are: {site} has to stand in one of its words.")
        return value
