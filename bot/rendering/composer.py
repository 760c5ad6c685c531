"""Turns a prompt into words: templates, the chat's language and the network's limits in, a draft out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from bot.domain.cleaning import showable
from bot.domain.outbox import Draft, DraftPost, LinkCard, Poll
from bot.domain.richtext import Mention, detect, join, whole
from bot.rendering import urls
from bot.rendering.digest import digest_posts
from bot.rendering.eventpage import access_in_short
from bot.rendering.fitting import hang, one_line, tidy
from bot.rendering.frame import when_of
from bot.rendering.questions import ask, lettered, tag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.chats import Chat
    from bot.domain.followups import Addressed
    from bot.domain.outbox import MediaFile
    from bot.domain.posts import NetworkName, PostRef
    from bot.domain.prompts import Prompt
    from bot.domain.records import ChatContent, StoredChat
    from bot.domain.textlength import Limits
    from bot.domain.trying import Told
    from bot.rendering.site import Site
    from bot.rendering.templates import Templates
    from bot.rendering.words import Words

SHORTEST_POLL = 300
LONGEST_POLL = 2_629_746
"""Seconds: what Mastodon's ``PollExpirationValidator`` allows."""


PULSE_POLL = 86_400
"""Seconds for which people may say what a chat was worth, from its end on."""


class TemplateComposer:
    """A ``ports.Composer`` over ``templates/prompts`` and ``templates/digest``.

    Args:
        templates: shipped ones and the operator's own.
        site: whose address and languages the posts carry.
    """

    def __init__(self, templates: Templates, site: Site) -> None:
        self._templates = templates
        self._site = site

    def compose(
        self,
        prompt: Prompt,
        stored: StoredChat,
        network: NetworkName,
        limits: Limits,
        *,
        upcoming: Chat | None,
        content: ChatContent | None,
        question: PostRef | None,
        media: Sequence[MediaFile],
        under: Addressed | None = None,
        told: Told | None = None,
    ) -> Draft:
        """Write one prompt for one network; see ``ports.Composer``.

        The first post is public (a reminder and a follow-up are not), all that hangs under it unlisted. Only the chat's
        hosts are mentioned, each on their own network, and on Mastodon whom a follow-up asks; any other ``@`` is made
        harmless.

        Raises:
            UserError: a template of the operator's own is wrong.
        """
        if under is not None:
            return self._follow_up(prompt, stored, network, limits, under)
        if prompt.kind == "digest":
            posts = self._digest(stored, network, limits, upcoming=upcoming, content=content, media=media, told=told)
        elif prompt.kind == "question":
            posts = self._question(prompt, stored, network, limits, media)
        else:
            posts = self._around_questions(prompt, stored, network, limits, upcoming)
        return Draft(
            posts=tuple(posts),
            languages=stored.series.languages,
            at=prompt.at,
            reply_to=question if prompt.kind == "reminder" else None,
            gated=stored.series.threadgate and prompt.kind == "question",
        )

    def _digest(
        self,
        stored: StoredChat,
        network: NetworkName,
        limits: Limits,
        *,
        upcoming: Chat | None,
        content: ChatContent | None,
        media: Sequence[MediaFile],
        told: Told | None,
    ) -> list[DraftPost]:
        words, chat = self._words(stored), stored.chat
        about = {"link": self._chat_link(chat), "told": self._told(words, told)}
        about |= self._about_chat(words, stored, upcoming)
        posts = digest_posts(self._templates, words, content, limits, about)
        if network == "bluesky" and self._site.address:  # Mastodon's servers look at the page themselves
            posts[0] = msgspec.structs.replace(posts[0], card=self._card(words, chat, content, media))
        return posts

    def _around_questions(
        self, prompt: Prompt, stored: StoredChat, network: NetworkName, limits: Limits, upcoming: Chat | None
    ) -> list[DraftPost]:
        """An announcement, welcome, reminder or wrap-up, of a chat or of an event."""
        words, chat = self._words(stored), stored.chat
        values = self._about_chat(words, stored, upcoming)
        values["label"] = f"Q{prompt.number}"
        template: str = prompt.kind
        values["link"] = self._chat_link(chat)
        if chat.event is not None:
            template = "event"
            values["access"] = access_in_short(words, chat.event.access)
        elif prompt.kind == "announcement":
            values["link"] = urls.absolute(self._site.address, urls.series_page(stored.series.slug))
        hosts, mentions = name_hosts(chat.hosts, network)
        values["hosts"] = hosts
        text = tidy(self._templates.render(f"prompts/{template}.txt.j2", values))
        first = DraftPost(detect(""), visibility="unlisted" if prompt.kind == "reminder" else "public")
        wanted = mentions if prompt.kind in ("announcement", "welcome") else {}
        return hang(detect(text, wanted), limits, first, 0)

    def _question(
        self,
        prompt: Prompt,
        stored: StoredChat,
        network: NetworkName,
        limits: Limits,
        media: Sequence[MediaFile],
    ) -> list[DraftPost]:
        """One post: checked to fit when the YAML was read. If a server's limit shrank since, the rest hangs below."""
        asked = stored.chat.questions[prompt.number - 1]
        in_text = lettered(asked.poll, network, pictured=bool(media))
        rich = ask(
            self._templates,
            self._words(stored),
            hashtag=stored.series.hashtag,
            archive=stored.series.archive,
            site_address=self._site.address,
            number=prompt.number,
            question=asked.ask,
            options=asked.poll if in_text else (),
            credit=asked.image.credit if asked.image and media else "",
            try_it=asked.try_it,
        )
        poll = None
        if asked.poll and not in_text:
            left = PULSE_POLL if asked.pulse else round((stored.chat.ends_at - prompt.at).total_seconds())
            poll = Poll(asked.poll, min(max(left, SHORTEST_POLL), LONGEST_POLL))
        return hang(rich, limits, DraftPost(rich, media=tuple(media), poll=poll), 0)

    def _follow_up(
        self, prompt: Prompt, stored: StoredChat, network: NetworkName, limits: Limits, under: Addressed
    ) -> Draft:
        """Under the answer, unlisted, to its author alone: a reply tells them on Bluesky, a mention on Mastodon.

        Each post names the answer that it is about, so that it goes with it.
        """
        author = under.post.author
        values = self._about_chat(self._words(stored), stored, None)
        text = detect(tidy(self._templates.render("prompts/follow-up.txt.j2", values)))
        if network == "mastodon":
            handle = f"@{author.handle.removeprefix('@')}"
            text = join([whole(handle, Mention(author.id, handle)), " ", text])
        first = DraftPost(detect(""), visibility="unlisted", answer=under.key)
        return Draft(
            posts=tuple(hang(text, limits, first, 0)),
            languages=stored.series.languages,
            at=prompt.at,
            reply_to=under.post.ref,
            reply_root=under.root,
        )

    def _card(self, words: Words, chat: Chat, content: ChatContent | None, media: Sequence[MediaFile]) -> LinkCard:
        """The chat's page as a link card: its topic, one line of figures, and its social card where that was made."""
        answers = content.answers if content else ()
        people = words("digest.people", n=len({answer.post.author.id for answer in answers}))
        return LinkCard(
            uri=self._chat_link(chat),
            title=one_line(showable(chat.topic)),
            description=words("digest.figures", n=len(answers), people=people) if answers else words("digest.none"),
            picture=media[0] if media else None,
        )

    def _words(self, stored: StoredChat) -> Words:
        """The series' language, in its tone."""
        series = stored.series
        return self._templates.dictionary.words(series.languages[0] if series.languages else "en").toned(series.tone)

    def _about_chat(self, words: Words, stored: StoredChat, upcoming: Chat | None) -> dict[str, Any]:
        series, chat = stored.series, stored.chat
        when = when_of(words, series, chat)
        zones = (zone for zone in dict.fromkeys((series.timezone, *series.also_show)) if zone != chat.timezone)
        return {
            "w": words,
            "series": series,
            "chat": chat,
            "hashtag": tag(series.hashtag),
            "when": when[:1].upper() + when[1:],
            "end": words.moment(chat.ends_at, chat.timezone),
            "elsewhere": [words.there(chat.starts_at, zone, chat.timezone) for zone in zones],
            "upcoming": upcoming,
            "upcoming_when": words.moment(upcoming.starts_at, upcoming.timezone) if upcoming else "",
        }

    def _told(self, words: Words, told: Told | None) -> dict[str, Any] | None:
        """What came of an earlier chat, with where it stands; ``None`` for nothing, or where there is no address."""
        if told is None or not self._site.address:
            return None
        link = urls.absolute(self._site.address, urls.chat_page(told.chat.id), urls.TRIED)
        return {"people": told.people, "day": words.day_of_year(told.chat.date), "link": link}

    def _chat_link(self, chat: Chat) -> str:
        return urls.absolute(self._site.address, urls.chat_page(chat.id))


def name_hosts(hosts: Sequence[str], network: NetworkName) -> tuple[list[str], Mapping[str, str]]:
    """How to write the hosts' handles on a network, and which of them are mentions there (see ``richtext.detect``).

    ``@name@server`` is a Mastodon handle, every other one is Bluesky's.
    """
    shown: list[str] = []
    mentions: dict[str, str] = {}
    for host in hosts:
        bare = host.removeprefix("@")
        home: NetworkName = "mastodon" if "@" in bare else "bluesky"
        if home == network:
            mentions[bare] = ""
        shown.append(f"@{bare}" if home in (network, "mastodon") else bare)
    return shown, mentions


def hosts_line(words: Words, hosts: Sequence[str]) -> str:
    """Who hosts, in words, where nobody is mentioned: on a page, on a picture; empty where nobody is named."""
    names = [host.removeprefix("@") if "@" not in host[1:] else host for host in name_hosts(hosts, "bluesky")[0]]
    return words("chat.hosts", n=len(names), hosts=words.both(names)) if names else ""
