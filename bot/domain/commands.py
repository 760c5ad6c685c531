"""What a post asks of us. A command is the whole post, so that nobody's answer is taken for one by a word in it.

Left aside are mentions, hashtags, punctuation, emoji, invisible characters, courtesies, and differences of case, width
and accents. English always works; beside it the languages of the series.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import regex

from bot.domain.commandwords import COURTESIES, HOSTS, NAMING, OPENINGS, PHRASES, SINGLE, THANKS, VERBS, Phrased
from bot.domain.labels import fold
from bot.domain.patterns import AT, HANDLE, handles, hashtags_in
from bot.domain.people import called
from bot.domain.posts import handle_id
from bot.domain.richtext import Link, Mention, Tag, runs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.domain.richtext import RichText

Asked = Literal[Phrased, "join", "stop", "approve-digest", "stop-digest", "unclear"]
"""What may be asked.

``join`` and ``stop`` are the single words: outside a question's thread they mean ``keep`` and ``remove-me``. In one,
``join`` is nothing, and ``stop`` may be an answer: hold back, and ask. ``unclear``: somebody turned to us and most
likely wants something, in words that we do not know. ``approve-digest`` and ``stop-digest`` are asked by hosts alone,
in answer to our message about a digest (``read_host``). ``remind`` and ``forget``: to be asked later what came of an
answer, or not any more; ``record``: to get a record of one's taking part; ``end-badges``: that no badge of
one's own be good any more. ``research`` and ``no-research``: to be in what is given to researchers, or not; ``coming``
and ``not-coming``: on or off the list of an event. People say such words to each other, too, so to somebody else they
are nothing.
``also``, ``not-also``: to be one person with the account that is ``named``, or not (any more); ``alone``: with none.
"""

LONGEST = 4000
"""Characters; whoever writes more says more than a command, however many people are mentioned in it."""

_EVERYBODYS: tuple[Asked, ...] = (
    "remind",
    "forget",
    "record",
    "end-badges",
    "research",
    "no-research",
    "coming",
    "not-coming",
    "alone",
)
"""What means nothing where somebody else is mentioned, in a question's thread or out of it."""

_NO_ANSWERS: tuple[Asked, ...] = ("coming", "not-coming")
"""What is asked under announcements alone: in a question's thread it is an answer."""

_FEW_WORDS = 8
_MOST_WORDS = 16  # in a post that names another account: the longest phrase, names, hashtags and courtesies
_INVISIBLE = regex.compile(r"\p{Default_Ignorable_Code_Point}|[0-9#*]\ufe0f?\u20e3|\p{Extended_Pictographic}")
_WORD = regex.compile(r"[\p{L}\p{N}]++")
_HOST_ALONE = regex.compile(r"^https?://(?=[^/]+/?$)|(?<=^https?://[^/]+)/$")
_AROUND = "\"'()[]<>.,;:!?…„“”‘’«»"  # noqa: RUF001 -- typographic quotes
"""What may stand around a name in a sentence."""


def read(text: RichText, languages: Sequence[str], *, own: str, in_thread: bool, own_handle: str = "") -> Asked | None:
    """What a post asks of us, or ``None`` where it is no command.

    Args:
        text: the post's.
        languages: BCP 47 tags of the series.
        own: our ``Account.id`` on that network; empty where it is not known, and then nothing is ``unclear``.
        in_thread: whether it stands in the thread of one of our questions, and so may be an answer.
        own_handle: our handle there, where known. Mastodon's mentions name no ids, so without it a mention is told
            to be ours by the name and server in ``own``, where those stand in it.
    """
    if len(text.text) > LONGEST:
        return None
    spoken = _spoken(languages)
    about = _about_another(text, spoken, own, own_handle)
    found = None if about else _words(text)
    if found is None:
        return about[0] if about else None
    words, mentions = found
    core = _without_courtesy(words)
    whole = "".join(core)
    to_us = [_is_ours(mention, own, own_handle) for mention in mentions]
    to_others_only = bool(to_us) and all(ours is False for ours in to_us)
    phrased = _phrases(spoken).get(whole)
    if phrased and phrased not in NAMING and not (in_thread and phrased in _NO_ANSWERS):
        said_to_others = to_others_only and (not in_thread or phrased in _EVERYBODYS)
        return None if said_to_others else phrased
    single = _singles(spoken).get(whole)
    if single:
        return None if to_others_only or (in_thread and single == "join") else single
    if in_thread or not to_us or not all(to_us) or len(words) > _FEW_WORDS or _thanks(words):
        return None
    return "unclear" if _wants_something(core, spoken) else None


def named(text: RichText, languages: Sequence[str], *, own: str, own_handle: str = "") -> str:
    """Whom a post names that was read as ``also`` or ``not-also``: a handle, a DID, or a profile's address.

    Empty where that cannot be told. The arguments are those of ``read``.
    """
    about = _about_another(text, _spoken(languages), own, own_handle)
    return about[1] if about else ""


def read_host(text: RichText, languages: Sequence[str]) -> Asked | None:
    """What an answer to our message about a held digest asks of us; ``None`` for anything but these few words.

    A bare STOP means the digest there: that can be taken back, and REMOVE ME says the other thing without a doubt.
    """
    found = _words(text) if len(text.text) <= LONGEST else None
    if found is None:
        return None
    spoken = _spoken(languages)
    whole = "".join(_without_courtesy(found[0]))
    asked = _host_phrases(spoken).get(whole)
    return asked or ("stop-digest" if _singles(spoken).get(whole) == "stop" else None)


def _about_another(text: RichText, spoken: tuple[str, ...], own: str, own_handle: str) -> tuple[Asked, str] | None:
    """What a post says of one other account, and which that is; ``None`` where it says nothing of the kind.

    Where it is not known who we are, one of two may be us: then it cannot be told which is the other.
    """
    if len(text.text.split(maxsplit=_MOST_WORDS)) > _MOST_WORDS:
        return None
    words: list[str] = []
    names: list[Mention] = []
    for piece, feature in runs(text):
        if isinstance(feature, Mention):
            names.append(feature)
        elif isinstance(feature, Link):  # Bluesky's app makes one of a handle without its @
            names.append(Mention("", _HOST_ALONE.sub("", feature.uri)))
        elif not isinstance(feature, Tag):
            for token in _INVISIBLE.sub("", AT.sub("@", piece)).split():
                bare = token.strip(_AROUND)
                if HANDLE.match(bare) or called(bare):
                    names.append(Mention("", bare))
                elif token[:1] not in "#\uff03":
                    words += _WORD.findall(fold(token))
    phrased = _phrases(spoken).get("".join(_without_courtesy(words))) if names else None
    others = [name for name in names if not _is_ours(name, own, own_handle)]
    if phrased not in NAMING or not others or len(others) > (1 if own else 2):
        return None
    (first, *more) = others
    name = first.id if first.id.startswith("did:") else first.handle
    return phrased, "" if more else name


def _words(text: RichText) -> tuple[list[str], list[Mention]] | None:
    """The folded words of a post and whom it mentions; ``None`` where it has a link, which no command has."""
    words: list[str] = []
    mentions: list[Mention] = []
    for piece, feature in runs(text):
        if isinstance(feature, Link) or "://" in piece:
            return None
        if isinstance(feature, Mention):
            mentions.append(feature)
        elif not isinstance(feature, Tag):
            for plain in _between(piece, mentions):
                words += _WORD.findall(fold(_INVISIBLE.sub("", plain)))
    return words, mentions


def _between(piece: str, mentions: list[Mention]) -> Iterator[str]:
    """What stands between the hashtags and handles of a piece; handles are added to ``mentions``."""
    named = [span for span in handles(piece) if not piece[span[0] - 1 : span[0]].isalnum()]  # no e-mail addresses
    mentions += [Mention("", piece[start:end]) for start, end in named]
    done = 0
    for start, end in sorted([*named, *hashtags_in(piece)]):
        if start >= done:
            yield piece[done:start]
            done = end
    yield piece[done:]


def _is_ours(mention: Mention, own: str, own_handle: str) -> bool | None:
    """Whether a mention is of our account; ``None`` where that cannot be told."""
    if mention.id and own:
        return mention.id == own
    name, _, server = mention.handle.lstrip("@\uff20").casefold().partition("@")
    us, host = _name_and_host(own)
    if own_handle and (server or "." in name):
        return handle_id(mention.handle.lstrip("\uff20")) == handle_id(own_handle)
    if not us or not server:
        return None
    return name == us and (host == server or host.endswith("." + server))


@lru_cache(maxsize=64)
def _name_and_host(own: str) -> tuple[str, str]:
    """Name and server in an ActivityPub id such as ``https://example.org/users/name``; empty where it has none."""
    parts = urlsplit(own)
    pieces = parts.path.strip("/").split("/")
    if parts.scheme not in ("http", "https") or "ap" in pieces[:-1]:  # Mastodon's newer ids have a number there
        return "", ""
    return pieces[-1].lstrip("@").casefold(), (parts.hostname or "").casefold()


def _spoken(languages: Sequence[str]) -> tuple[str, ...]:
    """The languages whose words count: English and those of the series that we know."""
    tags = (tag.replace("_", "-").partition("-")[0].casefold() for tag in languages)
    return tuple(sorted({"en", *(tag for tag in tags if tag in PHRASES)}))


def _without_courtesy(words: Sequence[str]) -> list[str]:
    """The words without courtesies at both ends."""
    left = list(words)
    while left:
        before, behind = _begins(left, POLITE), _begins(left[::-1], POLITE_REVERSED)
        if not before and not behind:
            break
        left = left[before:] if before else left[: len(left) - behind]
    return left


def _thanks(words: Sequence[str]) -> bool:
    return any(_begins(words[at:], THANKED) for at in range(len(words)))


def _begins(words: Sequence[str], phrases: Sequence[tuple[str, ...]]) -> int:
    """How many words the longest of these phrases has with which the words begin; 0 for none."""
    return max((len(phrase) for phrase in phrases if tuple(words[: len(phrase)]) == phrase), default=0)


def _folded(phrase: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(fold(phrase)))


THANKED = tuple(_folded(phrase) for phrase in THANKS)
POLITE = (*THANKED, *(_folded(phrase) for phrase in COURTESIES))
POLITE_REVERSED = tuple(phrase[::-1] for phrase in POLITE)


def _spellings(phrase: str) -> Iterator[str]:
    """A phrase as one run of letters, and as it is typed where a keyboard has no umlauts."""
    yield "".join(_folded(phrase))
    written_out = phrase.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    yield "".join(_folded(written_out))


@lru_cache(maxsize=64)
def _phrases(spoken: tuple[str, ...]) -> dict[str, Asked]:
    found: dict[str, Asked] = {}
    for language in spoken:
        for asked, phrases in PHRASES[language].items():
            found.update(dict.fromkeys((one for phrase in phrases for one in _spellings(phrase)), asked))
    return found


@lru_cache(maxsize=64)
def _singles(spoken: tuple[str, ...]) -> dict[str, Asked]:
    found: dict[str, Asked] = {}
    for language in spoken:
        for asked, phrases in SINGLE[language].items():
            found.update(dict.fromkeys((one for phrase in phrases for one in _spellings(phrase)), asked))
    return found


@lru_cache(maxsize=64)
def _host_phrases(spoken: tuple[str, ...]) -> dict[str, Asked]:
    found: dict[str, Asked] = {}
    for language in spoken:
        for asked, phrases in HOSTS[language].items():
            found.update(dict.fromkeys((one for phrase in phrases for one in _spellings(phrase)), asked))
    return found


@lru_cache(maxsize=64)
def _hints(spoken: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    verbs = (one for language in spoken for verb in VERBS[language] for one in _spellings(verb))
    openings = (one for language in spoken for word in OPENINGS[language] for one in _spellings(word))
    return frozenset(verbs), frozenset(openings)


def _wants_something(words: Sequence[str], spoken: tuple[str, ...]) -> bool:
    """Whether these few words to us are most likely meant as a command. Strict: an error here answers a stranger."""
    verbs, openings = _hints(spoken)
    return bool(words) and (words[0] in openings or not verbs.isdisjoint(words))
