"""All pages of the archive: what stands where, a fingerprint of all that each is made from, and how to make it.

Fingerprints come from the plan alone, before anything is rendered: what did not change is not made again.
"""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from bot.domain.chats import kept_no_longer
from bot.domain.moves import forwards, leading, name_of, named, replanned
from bot.ports.publishing import NO_PICTURES, NO_SPEAKERS, NOBODY_QUOTED, nothing_shared
from bot.rendering import privacy, urls
from bot.rendering.badgepages import badge_files
from bot.rendering.calendar import calendar, in_calendar
from bot.rendering.chatjson import chat_json, chat_schema
from bot.rendering.chatpage import ChatPage, beside
from bot.rendering.chattable import chat_table
from bot.rendering.chatview import view
from bot.rendering.crawlers import changed_on, closed_series, may_list, robots, sitemap
from bot.rendering.download import Download, Recent
from bot.rendering.entries import entries, latest, made_from
from bot.rendering.eventpage import NOBODY
from bot.rendering.feeds import atom, json_feed, opml
from bot.rendering.frame import Press, apart, series_card
from bot.rendering.handouts import chat_handout, has_handout, term_handouts
from bot.rendering.homepage import home_page
from bot.rendering.icon import icon_png, icon_svg
from bot.rendering.linkpages import link_pages
from bot.rendering.poster import poster_of, poster_svg
from bot.rendering.programme import programme
from bot.rendering.recordjson import record_schema
from bot.rendering.schoolpages import school_pages
from bot.rendering.searching import Sources
from bot.rendering.searchpage import search_values
from bot.rendering.seriespage import series_page
from bot.rendering.sheets import Page, Sheets, digest
from bot.rendering.snippet import snippet, snippet_values
from bot.rendering.socialcard import card_of, card_of_series, colours_of, paint, site_card
from bot.rendering.storypages import story_pages
from bot.rendering.topicpage import topic_page
from bot.rendering.wordpages import people_page, word_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from bot.domain.badges import Issuer
    from bot.domain.posts import Account
    from bot.domain.records import ChatContent, ChatFigures, StoredChat
    from bot.domain.series import Series
    from bot.ports.publishing import Album, Quoting, Shared
    from bot.rendering.chatpage import Neighbour
    from bot.rendering.chatview import ChatView
    from bot.rendering.eventpage import Speakers
    from bot.rendering.searching import Bundle
    from bot.rendering.site import Site
    from bot.rendering.socialcard import Colours, SocialCard
    from bot.rendering.storypages import StoryLink
    from bot.rendering.templates import Templates
    from bot.rendering.words import Words

    Content = Callable[[str], ChatContent]
    FeedWriter = Callable[..., bytes]

_PRINTED = "handout-"
"""Begins the name of what is printed for a chat: as that is called by what it asks, too."""

__all__ = ["Page", "SiteRenderer"]


class SiteRenderer:
    """A ``ports.Renderer`` over ``templates/site``.

    Args:
        templates: shipped ones and the operator's own.
        site: the site's settings.
        now: asks the time, aware UTC: it parts coming chats from past ones.
        searcher: names what makes indexes for search, with its version; empty where the site has no search.
        typesetter: names what sets sheets as PDF, with its version; empty where the site has none.
    """

    def __init__(
        self,
        templates: Templates,
        site: Site,
        now: Callable[[], datetime],
        searcher: str = "",
        *,
        typesetter: str = "",
    ) -> None:
        self._press = Press(templates, site, search=bool(searcher), typesetter=typesetter)
        self._now = now
        self._base = f"{templates.fingerprint} {digest(site, bool(searcher))}"
        self._sheets = Sheets(self._press, self._base)
        self._recent = Recent()
        self._arranged: tuple[ChatContent, ChatView] | None = None
        self._planned: dict[str, Page] = {}
        self._album = NO_PICTURES
        self._speakers = NO_SPEAKERS
        self._sources = Sources(self._press, searcher)
        self._stories: list[StoryLink] = []

    def pages(
        self,
        chats: Sequence[StoredChat],
        figures: Mapping[str, ChatFigures],
        listed: Sequence[Account] = (),
        *,
        known: Mapping[str, str] | None = None,
        shared: Shared = nothing_shared,
        album: Album = NO_PICTURES,
        issuer: Issuer | None = None,
        quoting: Quoting = NOBODY_QUOTED,
        speakers: Mapping[str, Speakers] = NO_SPEAKERS,
    ) -> Iterator[Page]:
        """Every page of the archive of these chats, in a stable order.

        Args:
            chats: in order of start.
            figures: counts of shown answers by chat id.
            listed: who asked to be listed; without anybody there is no such page.
            known: marks of what was published before, by path; what moved since leaves a page that leads on.
            shared: gives the links of chats; asked for those that changed, and by a page that is made.
            album: participants' pictures.
            issuer: who issues badges; ``None`` where nobody does.
            quoting: what authors said of being quoted in stories.
            speakers: who leads sessions of events that come from answers, by event and by answer.
        """
        paths = []
        self._album, self._speakers = album, speakers
        self._press = self._press._replace(closed=closed_series(stored.series for stored in chats))
        self._sheets = Sheets(self._press, self._base)
        again = {urls.chat_page(old): urls.chat_page(new) for old, new in replanned(chats, figures).items()}
        left = tuple(path.removesuffix("index.html") for path in again)
        at = {path: stored for stored in chats if (path := urls.chat_page(stored.chat.id)) not in again}
        names = {path: name_of(stored.chat) for path, stored in at.items()}
        for path, stored in list(at.items()):
            if has_handout(stored):
                printed = urls.chat_handout(stored.chat.id)
                at[printed], names[printed] = stored, f"{_PRINTED}{names[path]}"
        stories = list(story_pages(self._sheets, chats, known or {}, quoting))
        self._stories = [link for link, _ in stories]
        for page in chain(self._every(chats, figures, listed, shared, known or {}), (page for _, page in stories)):
            if page.path.startswith(left):
                continue
            if page.path in names:
                page.mark = named(page.mark, names[page.path])
            paths.append(page.path)
            yield page
        for path, target in sorted({**forwards(known or {}, names, set(paths)), **again}.items()):
            yield self._moved(path, target, at.get(target))
        yield from badge_files(self._sheets, issuer)
        yield from self._told_to_crawlers(paths, chats, figures)

    def _moved(self, path: str, target: str, stored: StoredChat | None) -> Page:
        """A page that leads to the one that took its place: at once, and by a link."""
        words = self._press.series_words(stored.series) if stored else self._press.words()
        values: dict[str, Any] = {"target": target, "instead": target, "index": False}
        if stored:
            chat = stored.chat
            values["label"] = f"{chat.topic}, {words.moment(chat.starts_at, chat.timezone)}"
        else:
            values["label"] = words("moved.series")
        title = words("moved.title")
        page = self._page(path, values, lambda _: self._press.page("moved", words, path, title, values))
        page.mark = leading(page.mark, target)
        return page

    def _every(
        self,
        chats: Sequence[StoredChat],
        figures: Mapping[str, ChatFigures],
        listed: Sequence[Account],
        shared: Shared,
        known: Mapping[str, str],
    ) -> Iterator[Page]:
        now = self._now()
        coming = [stored for stored in chats if stored.chat.ends_at > now]
        past = [stored for stored in chats if stored.chat.ends_at <= now][::-1]
        by_series: dict[str, list[StoredChat]] = {}
        for stored in chats:
            by_series.setdefault(stored.series.slug, []).append(stored)
        every = [mine[-1].series for _, mine in sorted(by_series.items())]
        said = privacy.sayings(self._press.words(), every)
        yield from self._files()
        yield from word_pages(self._sheets, every, said, some_listed=bool(listed))
        yield from school_pages(self._sheets, every, said)
        if listed:
            yield people_page(self._sheets, listed, said)
        yield home_page(self._sheets, every, coming, past, figures)
        gone_by = {slug: [one for one in mine[::-1] if one.chat.ends_at <= now] for slug, mine in by_series.items()}
        yield topic_page(self._sheets, chats, gone_by)
        yield from link_pages(self._sheets, chats, figures, shared, known)
        if self._press.search:
            yield from self._search(every, chats, figures, now)
        site, words = self._press.site, self._press.words()
        told = latest(chats, figures, now)
        yield from self._feeds(words, site.title, urls.HOME, (urls.FEED, urls.JSON_FEED), chats=told, figures=figures)
        cards = [series_card(words, series, site.voices) for series in every]
        yield self._page(urls.OPML, cards, lambda _: opml(site, words, cards))
        yield self._calendar(words, site.title, urls.CALENDAR, in_calendar(chats, now))
        for series in every:
            yield from self._series(series, by_series[series.slug], figures, now)

    def _told_to_crawlers(
        self, paths: Sequence[str], chats: Sequence[StoredChat], figures: Mapping[str, ChatFigures]
    ) -> Iterator[Page]:
        address, closed = self._press.site.address, self._press.closed
        yield self._page(urls.ROBOTS, sorted(closed), lambda _: robots(address, closed))
        if address:
            listed = sorted(path for path in paths if may_list(path, closed))
            changed = changed_on(chats, figures, self._now())
            made_from = [(path, changed.get(path)) for path in listed]
            yield self._page(urls.SITEMAP, made_from, lambda _: sitemap(address, listed, changed))

    def bundles(self, chats: Sequence[StoredChat], figures: Mapping[str, ChatFigures]) -> Iterator[Bundle]:
        """What search is to know of these chats; nothing where the site has no search."""
        if self._press.search:
            yield from self._sources.bundles(chats, figures, self._now())

    def _search(
        self,
        every: Sequence[Series],
        chats: Sequence[StoredChat],
        figures: Mapping[str, ChatFigures],
        now: datetime,
    ) -> Iterator[Page]:
        press, words = self._press, self._press.words()
        values = search_values(press, every, chats, figures, now)
        title = words("search.title")
        yield self._page(urls.SEARCH, values, lambda _: press.page("search", words, urls.SEARCH, title, values))
        yield self._page(urls.SEARCH_SCRIPT, "", lambda _: press.templates.source("site/search.js").encode())

    def _download(self, chat: str, made_from: object) -> Page:
        """A chat to keep: made from what its page is made from, and from its data."""
        here, address = urls.chat_page(chat), self._press.site.address

        def pack(content: Content) -> bytes:
            def find(path: str) -> bytes | None:
                page = self._planned.get(path)
                return page.render(content) if page else None

            return Download(address, here, find).pack()

        return self._page(urls.chat_download(chat), made_from, pack)

    def _view(self, content: ChatContent) -> ChatView:
        """A chat arranged: once for its page, its data and its table, which follow each other."""
        if self._arranged is None or self._arranged[0] is not content:
            self._arranged = (content, view(content))
        return self._arranged[1]

    def _card(self, path: str, card: SocialCard) -> Page:
        """A social card. Answers do not change it."""
        return self._page(path, card, lambda _: paint(card, self._colours()))

    def _colours(self) -> Colours:
        return colours_of(self._press.templates.source("site/look.css"))

    def _page(self, path: str, made_from: object, make: Callable[[Content], bytes]) -> Page:
        page = self._sheets.page(path, made_from, partial(self._recent.make, path, make))
        self._planned[path] = page
        return page

    def _files(self) -> Iterator[Page]:
        """What is no page to be read."""
        press, words = self._press, self._press.words()
        yield self._page(urls.LOOK, "", lambda _: press.templates.source("site/look.css").encode())
        yield self._page(urls.SCHEMA, "", lambda _: chat_schema())
        yield self._page(urls.RECORD_SCHEMA, "", lambda _: record_schema())
        yield self._page(urls.ICON, "", lambda _: icon_svg(self._colours()))
        yield self._page(urls.TOUCH_ICON, "", lambda _: icon_png(self._colours()))
        yield self._card(urls.CARD, site_card(words, press.site.title))

    def _feeds(
        self,
        words: Words,
        title: str,
        page: str,
        paths: tuple[str, str],
        *,
        chats: Sequence[StoredChat],
        figures: Mapping[str, ChatFigures],
    ) -> Iterator[Page]:
        """The same entries as Atom and as JSON Feed."""
        press = self._press
        for path, write in zip(paths, (atom, json_feed), strict=True):

            def make(content: Content, path: str = path, write: FeedWriter = write) -> bytes:
                told = list(entries(press, words, path, chats, figures=figures, content=content))
                return write(press.site, words, title=title, path=path, page=page, told=told)

            yield self._page(path, [title, made_from(chats, figures)], make)

    def _calendar(self, words: Words, name: str, path: str, told: Sequence[StoredChat]) -> Page:
        site, speakers = self._press.site, self._speakers
        made_from = [
            name,
            [
                (one.chat, one.series.hashtag, one.revision, one.cancelled, speakers.get(one.chat.id, NOBODY))
                for one in told
            ],
        ]
        return self._page(path, made_from, lambda _: calendar(site, words, name=name, chats=told, speakers=speakers))

    def _series(
        self, series: Series, chats: Sequence[StoredChat], figures: Mapping[str, ChatFigures], now: datetime
    ) -> Iterator[Page]:
        words = self._press.series_words(series)
        path = urls.series_page(series.slug)
        coming = [stored for stored in chats if stored.chat.ends_at > now]
        past = [stored for stored in chats if stored.chat.ends_at <= now][::-1]
        mine = series_card(words, series, self._press.site.voices)
        yield self._card(urls.series_card(series.slug), card_of_series(series, mine.rhythm, self._press.site.title))
        ids = {stored.chat.id for stored in chats}
        stories = [one for one in self._stories if one.chat in ids]
        yield series_page(self._sheets, series, coming, past, figures, stories)
        shown = snippet_values(self._press, words, mine, apart(coming)[0])
        yield self._page(
            urls.series_snippet(series.slug), [mine.language, shown], lambda _: snippet(self._press, words, shown)
        )
        feeds = (urls.series_feed(series.slug), urls.series_json_feed(series.slug))
        yield from self._feeds(words, series.title, path, feeds, chats=latest(chats, figures, now), figures=figures)
        yield self._calendar(words, series.title, urls.series_calendar(series.slug), in_calendar(chats, now))
        yield from term_handouts(self._sheets, chats)
        for stored, earlier, later in beside(chats):
            marks = []
            for page in self._chat(stored, earlier, later, now):
                marks.append(page.mark)
                yield page
            if self._press.site.address:  # else its links would lead nowhere
                yield self._download(stored.chat.id, marks)

    def _chat(
        self, stored: StoredChat, earlier: Neighbour | None, later: Neighbour | None, now: datetime
    ) -> Iterator[Page]:
        chat, series = stored.chat, stored.series
        coming, forgotten = chat.starts_at > now, kept_no_longer(series, chat, now)
        stories = [one for one in self._stories if one.chat == chat.id]
        of_series = [series.title, series.hashtag, series.languages, series.index, series.also_show, series.timezone]
        data = [stored.revision, stored.cancelled, chat, of_series]
        speakers = self._speakers.get(chat.id, NOBODY)

        def page(content: Content) -> bytes:
            told = content(chat.id)
            seen = self._view(told)
            written = ChatPage(
                self._press,
                told,
                coming=coming,
                forgotten=forgotten,
                earlier=earlier,
                later=later,
                stories=stories,
                seen=seen,
                speakers=speakers,
            )
            return written.render()

        def shown(write: Callable[[ChatContent, ChatView], bytes]) -> Callable[[Content], bytes]:
            return lambda content: write(told := content(chat.id), self._view(told))

        yield self._page(
            urls.chat_page(chat.id),
            [data, series.accounts, earlier, later, coming, forgotten, stories, speakers],
            page,
        )
        yield self._card(
            urls.chat_card(chat.id), card_of(self._press.series_words(series), stored, self._press.site.title)
        )
        if has_handout(stored):
            yield from chat_handout(self._sheets, stored)
        if chat.event is not None and not stored.cancelled:
            yield from programme(self._sheets, stored, chat.event, speakers)
            poster = poster_of(self._press.series_words(series), stored, chat.event, speakers, self._press.site.address)
            yield self._page(urls.event_poster(chat.id), poster, lambda _: poster_svg(poster, self._colours()))
        for sha256 in self._album.by_chat.get(chat.id, ()):
            yield self._page(urls.chat_picture(chat.id, sha256), "", partial(_picture, self._album.read, sha256))
        yield self._page(urls.chat_data(chat.id), data, shown(chat_json))
        yield self._page(urls.chat_table(chat.id), data, shown(chat_table))


def _picture(read: Callable[[str], bytes], sha256: str, _content: Content) -> bytes:
    return read(sha256)
