"""An event's poster as SVG, on A4: what it is, when, where, what people find there, how to come.

Its words are set in the fonts that ship, which measure its lines; who lacks them sees others, as wide. What
these fonts cannot show is left out, as on social cards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from markupsafe import escape

from bot.rendering import urls
from bot.rendering.eventpage import access_in_short, event_when, session_lines
from bot.rendering.frame import upper_first
from bot.rendering.socialcard import SANS, SERIF, drawable, length_of, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.domain.records import StoredChat
    from bot.domain.teachmeets import Event
    from bot.rendering.eventpage import Speakers
    from bot.rendering.socialcard import Colours
    from bot.rendering.words import Words

WIDTH, HEIGHT = 2100, 2970
"""Tenths of a millimetre."""

_BOARD = 60
_MARGIN = 200
_WITHIN = WIDTH - 2 * _MARGIN
_TOP, _FOOT = 330, HEIGHT - 180
_TITLES = (260, 220, 180, 140, 110)
_TITLE = 800  # the height of the largest title
_MOST, _MOST_NOTE = 2, 4  # lines of anything else; together all of it has room
_LEADING = 1.25
_FAMILY = {SERIF: "'Source Serif Pro', Georgia, serif", SANS: "'Source Sans Pro', Arial, sans-serif"}


class Poster(msgspec.Struct, frozen=True):
    """What a poster says.

    Attributes:
        kicker: the hashtag.
        title: set large.
        when, place, address: when and where.
        sessions: one line each; as many as there is room for.
        notes: what people find there, and how to come.
        link: the event's page, as people type it; empty while the site has no address.
    """

    kicker: str
    title: str
    when: str
    place: str
    address: str
    sessions: tuple[str, ...]
    notes: tuple[str, ...]
    link: str

    def described(self) -> str:
        """All of it in words, for who cannot see it."""
        lines = (self.title, self.kicker, self.when, self.place, self.address, *self.sessions, *self.notes, self.link)
        return ". ".join(line.rstrip(".") for line in lines if line) + "."


class _Line(msgspec.Struct, frozen=True):
    text: str
    font: str
    size: int
    ink: str
    above: float


def poster_of(words: Words, stored: StoredChat, event: Event, speakers: Speakers, site: str) -> Poster:
    """What an event's poster says, in its series' language. Names of people stand in the programme alone.

    Args:
        words: that language.
        stored: the chat that stands for the event.
        event: the event.
        speakers: who agreed to lead a session, by the node key of the answer that it comes from.
        site: the site's address.
    """
    access = access_in_short(words, event.access)
    how = words("event.how" if event.sign_up else "event.free")
    return Poster(
        kicker=f"#{stored.series.hashtag}",
        title=event.title,
        when=upper_first(event_when(words, stored.chat)),
        place=event.place.name,
        address=event.place.address,
        sessions=tuple(f"{one['minutes']} · {one['title']}" for one in session_lines(words, event, speakers)),
        notes=tuple(line for line in (words("prompt.event_access", list=access) if access else "", how) if line),
        link=urls.absolute(site, urls.chat_page(stored.chat.id)),
    )


def poster_svg(poster: Poster, colours: Colours) -> bytes:
    """Draw a poster. The same words and colours give the same bytes."""
    foot = list(_wrap(poster.link, SANS, 46, "quiet"))
    room = _FOOT - sum(line.size * _LEADING for line in foot)
    head = [*_wrap(poster.kicker, SANS, 80, "board"), *_title(poster.title)]
    head += [*_wrap(poster.when, SANS, 84, "ink", 90), *_wrap(poster.place, SANS, 84, "ink", 40)]
    head += _wrap(poster.address, SANS, 60, "quiet", 10)
    notes = [line for note in poster.notes for line in _wrap(note, SANS, 56, "ink", 60, most=_MOST_NOTE)]
    left = room - _TOP - _height(head) - _height(notes)
    sessions: list[_Line] = []
    for session in poster.sessions:
        more = list(_wrap(session, SERIF, 62, "board", 36))
        if left < _height([*sessions, *more]):
            break
        sessions += more
    drawn = [*_set([*head, *sessions, *notes], _TOP), *_set(foot, room)]
    inks = {name: f"#{bytes(colour).hex()}" for name, colour in zip(colours._fields, colours, strict=True)}
    shapes = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{inks["paper"]}"/>',
        f'<rect width="{_BOARD}" height="{HEIGHT}" fill="{inks["board"]}"/>',
        *(
            f'<text x="{_MARGIN}" y="{y}" font-family="{_FAMILY[line.font]}" font-weight="600" font-size="{line.size}"'
            f' fill="{inks[line.ink]}" textLength="{round(length_of(line.text, line.font, line.size))}"'
            f' lengthAdjust="spacingAndGlyphs">{escape(line.text)}</text>'
            for y, line in drawn
        ),
    ]
    box = f'width="210mm" height="297mm" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
    said = f"<title>{escape(poster.described())}</title>"
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{said}{"".join(shapes)}</svg>\n'.encode()


def _title(title: str) -> list[_Line]:
    """The title in the largest size in which it has room; a very long one is cut."""
    for size in _TITLES:
        most = int(_TITLE / (size * _LEADING))
        lines = list(_wrap(title, SERIF, size, "ink", most=most + 1))
        if len(lines) <= most:
            return lines
    return list(_wrap(title, SERIF, _TITLES[-1], "ink", most=most))


def _wrap(text: str, font: str, size: int, ink: str, above: float = 0, *, most: int = _MOST) -> Iterator[_Line]:
    """A text as lines, with room above the first of them; what is too long for ``most`` of them is cut."""
    for at, line in enumerate(shortened(drawable(text, font), font, size, _WITHIN, most)):
        yield _Line(line, font, size, ink, 0 if at else above)


def _height(lines: Sequence[_Line]) -> float:
    return sum(line.above + line.size * _LEADING for line in lines)


def _set(lines: Sequence[_Line], top: float) -> Iterator[tuple[int, _Line]]:
    """Lines one below the other, each with the height of its letters' feet."""
    for line in lines:
        top += line.above + line.size * _LEADING
        yield round(top - line.size * (_LEADING - 1)), line
