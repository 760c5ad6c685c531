"""What a question's post says, and by how much it is too long: told while the YAML is read, before anything is sent."""

from __future__ import annotations

from string import ascii_uppercase
from typing import TYPE_CHECKING

from bot.domain.richtext import detect
from bot.domain.textlength import remaining
from bot.rendering import urls
from bot.rendering.fitting import one_line, tidy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.posts import NetworkName
    from bot.domain.richtext import RichText
    from bot.domain.series import Basis
    from bot.domain.textlength import Limits
    from bot.rendering.templates import Templates
    from bot.rendering.words import Words

POLL_OPTIONS = range(2, 5)
POLL_OPTION_LENGTH = 50
"""What ``PollOptionsValidator`` allows by default (Mastodon's ``app/validators/poll_options_validator.rb``)."""


def tag(hashtag: str) -> str:
    """A hashtag with its sign."""
    return f"#{hashtag}"


def lettered(poll: Sequence[str], network: NetworkName, *, pictured: bool) -> bool:
    """Whether a poll stands in the text as lettered options: where a network has none, or not such a one.

    Bluesky has no polls; Mastodon takes two to four options of 50 characters, and none beside a picture
    (https://docs.joinmastodon.org/methods/statuses/#create).
    """
    if not poll:
        return False
    fits = len(poll) in POLL_OPTIONS and all(len(option) <= POLL_OPTION_LENGTH for option in poll)
    return network != "mastodon" or pictured or not fits


def ask(
    templates: Templates,
    words: Words,
    *,
    hashtag: str,
    archive: Basis,
    site_address: str,
    number: int,
    question: str,
    options: Sequence[str] = (),
    credit: str = "",
    try_it: bool = False,
) -> RichText:
    """Write a question: label, text, hashtag, lettered options, the picture's credit and the archive's notice.

    Where it asks what people will try (``try_it``), it says how they can be asked later what came of it.
    """
    link = urls.absolute(site_address, urls.PRIVACY)
    hashed = tag(hashtag)
    has_tag = hashed.casefold() in question.casefold().replace(",", " ").replace("?", " ").split()
    letters = [f"{letter} {option}" for letter, option in zip(ascii_uppercase, options, strict=False)]
    values = {
        "w": words,
        "label": f"Q{number}",
        "ask": one_line(question),
        "hashtag": "" if has_tag else hashed,
        "options": " · ".join(letters),
        "how": words("prompt.try") if try_it else "",
        "credit": one_line(credit),
        "notice": words(f"notice.{archive}" if link else f"notice.{archive}_bare", link=link, hashtag=hashed),
    }
    return detect(tidy(templates.render("prompts/question.txt.j2", values)))


def question_overrun(
    templates: Templates,
    network: NetworkName,
    limits: Limits,
    *,
    hashtag: str,
    languages: Sequence[str],
    archive: Basis,
    site_address: str,
    number: int,
    question: str,
    poll: Sequence[str] = (),
    credit: str = "",
    pictured: bool = False,
    try_it: bool = False,
) -> int:
    """By how many units of that network's own count a question's post is too long; 0 where it fits.

    Counts the very text that would be sent: label, hashtag, options, credit, what to do and notice.
    """
    rich = ask(
        templates,
        templates.dictionary.words(languages[0] if languages else "en"),
        hashtag=hashtag,
        archive=archive,
        site_address=site_address,
        number=number,
        question=question,
        options=poll if lettered(poll, network, pictured=pictured) else (),
        credit=credit,
        try_it=try_it,
    )
    return max(0, -remaining(rich, limits))
