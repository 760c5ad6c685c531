"""A small made-up site: one English chat that took place, one that is to come, one French chat to come."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from bot.domain.alarms import words_read
from bot.domain.copying import Copy
from bot.domain.naming import Naming, as_called
from bot.domain.occurrences import Weekly
from bot.domain.permissions import Permission, permitted
from bot.domain.posts import Account, Media, NetworkName, Post, PostRef, Tombstone
from bot.domain.records import (
    Answer,
    ChatContent,
    ChatFigures,
    CountedPoll,
    How,
    Pick,
    Placed,
    PollCount,
    SentPost,
    SharedLink,
    StoredChat,
)
from bot.domain.richtext import detect, links
from bot.domain.schedule import planned_chats
from bot.domain.series import ChatEntry, Image, Question, Series, Tone
from bot.domain.stories import Part, Story
from bot.domain.teachmeets import Access, Event, Place, Session
from bot.ports import Album, Quoting
from bot.rendering.site import Site, Voice

if TYPE_CHECKING:
    from collections.abc import Collection

PICTURES = Path(__file__).parent / "pictures"

NOW = datetime(2027, 1, 10, 12, tzinfo=UTC)
START = datetime(2027, 1, 7, 20, tzinfo=UTC)

SITE = Site(
    title="Staffroom",
    address="https://chats.example.org",
    language="en",
    contact="chats@example.org",
    controller="Example Teachers' Association",
    voices=(
        Voice("bluesky", "bluesky", "edchat.example.org", "https://bsky.example/profile/edchat.example.org"),
        Voice("mastodon", "mastodon", "@edchat@social.example.org", "https://social.example.org/@edchat"),
    ),
)

STORY = Story(
    slug="ten-silent-minutes",
    title="Ten silent minutes",
    chat="edchat/2027-01-07",
    by="Sam <from> Leeds",
    about="What one answer changed in three schools.",
    parts=(
        Part("It began with one answer, late on a Thursday.\n\nNobody had planned it."),
        Part(quote="01"),
        Part("Others had other ways & said so."),
        *(Part(quote=key) for key in ("08", "09", "22", "23")),
        Part("We still do it, see https://example.org/minutes"),
    ),
)

EDCHAT = Series(
    slug="edchat",
    title="Ed Chat",
    hashtag="EdChat",
    about="Teachers on what works, every Thursday evening.",
    timezone="Europe/London",
    rhythm=Weekly(3),
    at=time(20),
    accounts=("bluesky", "mastodon"),
    hosts=("edchat.example.org", "@deputy@social.example.org"),
    keep=timedelta(days=3 * 365),
    also_show=("America/New_York", "Australia/Sydney"),
    chats=(
        ChatEntry(
            date=date(2027, 1, 7),
            topic="Feedback that pupils use",
            about="What makes a comment worth the ink? On feedback that changes the next piece of work.",
            questions=(
                Question("What does feedback look like in your room when nobody is watching?"),
                Question("Which of these would you drop first?", poll=("Ticks", "Levels", "Comments", "None of them")),
                Question(
                    "Where does this wall of success criteria help, and where does it only decorate?",
                    image=Image("images/wall.jpg", "A classroom wall with four handwritten posters.", "the host"),
                ),
                Question("What did you stop marking, and what happened?"),
            ),
            resources=("https://example.org/whole-class-feedback", "Chapter 3 of any book on assessment"),
        ),
        ChatEntry(
            date=date(2027, 1, 14),
            topic="Starting a lesson well",
            hosts=("@guest@social.example.org",),
            questions=(
                Question("What happens in the first five minutes?"),
                Question("What do you do when it goes wrong?"),
            ),
        ),
    ),
    stories=(STORY,),
)

TEACHMEET = Event(
    slug="teachmeet-leeds",
    title="TeachMeet Leeds",
    date=date(2027, 3, 6),
    at=time(10),
    until=time(13),
    place=Place("Carr Manor School", "Carr Manor Road, Leeds LS17 5DJ", "https://www.openstreetmap.org/"),
    about="Bring one thing that worked & one that did <not>.",
    access=Access("yes", "BSL, if you ask by 20 February", "yes", "no", "A hearing loop in the hall."),
    sessions=(Session(2, "Five minutes of silence", "Sam from Leeds"), Session(7, "Marking less")),
    seats=40,
    announce=(timedelta(weeks=3), timedelta(days=3)),
    ask="What did you take home, and what will you try?",
)

PROFCHAT = Series(
    slug="profchat",
    title="Prof Chat",
    hashtag="ProfChat",
    about="Des enseignants parlent de leur métier, un mardi sur deux.",
    timezone="Europe/Paris",
    rhythm=Weekly(1, 2),
    at=time(18, 30),
    accounts=("mastodon",),
    archive="joined",
    languages=("fr",),
    index=True,
    chats=(
        ChatEntry(
            date=date(2027, 2, 2),
            topic="L'oral au quotidien",
            questions=(Question("Comment faites-vous parler ceux qui se taisent ?"),),
        ),
    ),
)

INTRO = "Thank you all, and @edchat.example.org. Next: <b>starters</b>!"

PEOPLE: dict[str, tuple[NetworkName, str, str]] = {
    "y5": ("bluesky", "y5leeds.example.org", "Year 5 teacher in Leeds"),
    "hist": ("mastodon", "@hanes@tŵt.example", "History, Cardiff"),
    "sci": ("mastodon", "@science@social.example.org", "معلمة علوم"),
    "dep": ("bluesky", "deputy.example.net", "Deputy, Leith"),
    "trainee": ("mastodon", "@new@social.example.org", "Trainee <b>primary</b> & co"),
    "head": ("bluesky", "head.example.net", "head.example.net"),
    "maths": ("bluesky", "maths.example.net", "Maths 🧮 every day"),
    "short": ("mastodon", "@shortly@social.example.org", "Shirin Ortiz-Lee"),
    "unnamed": ("mastodon", "@nobody.knows@social.example.org", "Noor B. Known"),
}


def answer(
    key: str,
    who: str,
    minute: float,
    text: str,
    *numbers: int,
    to: str = "",
    how: How = "reply",
    chat: str = "edchat/2027-01-07",
    languages: tuple[str, ...] = ("en",),
    called: Naming = "named",
    pictures: tuple[Copy, ...] = (),
    **more: Any,
) -> Answer:
    """An answer by one of ``PEOPLE`` to numbered questions; ``to`` is the key it replies to (ours if none)."""
    network, handle, name = PEOPLE[who]
    at = START + timedelta(minutes=minute)
    if network == "bluesky":
        ref = PostRef(
            network, f"at://did:plc:{who}/app.bsky.feed.post/{key}", f"cid{key}", f"https://bsky.example/{key}"
        )
    else:
        ref = PostRef(network, f"social.example.org/{key}", url=f"https://social.example.org/@{who}/{key}")
    author = Account(network, f"id:{who}", handle, name, f"https://social.example.org/{who}")
    post = Post(ref=ref, author=author, text=detect(text), at=at, languages=languages, **more)
    placed = tuple(Placed(f"{chat}/q{number}", how) for number in numbers)
    root = f"ours-{network}-{numbers[0]}" if numbers else ""
    shown = as_called(post, called, f"alias-of-{len(who)}")
    return Answer(key, to or root, root, shown, placed, search=True, pictures=pictures)


def sent(number: int, network: NetworkName, minute: float, kind: str = "question") -> SentPost:
    """Our question on a network."""
    key = f"ours-{network}-{number}"
    ref = PostRef(network, f"id:{key}", url=f"https://{network}.example/ours/{number}")
    at = START + timedelta(minutes=minute)
    return SentPost(f"edchat/2027-01-07/q{number}", kind, number, network, 0, ref, key, "", at)


def counted(*votes: int, over: bool = True, **changes: Any) -> CountedPoll:
    """How people voted in the poll of the second question on Mastodon."""
    options = EDCHAT.chats[0].questions[1].poll
    count = PollCount(options, votes, over)
    return msgspec.structs.replace(CountedPoll(2, "mastodon", count, START + timedelta(minutes=61)), **changes)


def stored_chats(series: Series = EDCHAT, revision: int = 7) -> list[StoredChat]:
    """A series' chats as the store gives them."""
    return [StoredChat(chat, series, revision) for chat in planned_chats(series)]


def content() -> ChatContent:
    """The chat that took place."""
    answers = [
        answer(
            "01",
            "y5",
            6,
            "Whole-class feedback sheet, two things we fix together, then ten silent minutes to fix "
            "them. If they can't act on it before break, I don't write it.",
            1,
        ),
        answer(
            "02",
            "hist",
            7,
            "The ten silent minutes are the whole trick. Do you collect the sheets?",
            1,
            to="01",
            how="thread",
        ),
        answer(
            "03",
            "y5",
            8,
            "Never. They live in the books, and the next lesson starts from them.",
            1,
            to="02",
            how="thread",
        ),
        answer(
            "04",
            "dep",
            9,
            "We copied this, see https://example.org/whole-class-feedback?utm_source=feed",
            1,
            to="03",
            how="thread",
        ),
        answer("05", "hist", 10, "And the pupils like it?", 1, to="04", how="thread"),
        answer("06", "dep", 10.5, "They asked for more of it.", 1, to="05", how="thread"),
        answer("07", "maths", 11, "Six levels down and still learning 🙂", 1, to="06", how="thread"),
        answer(
            "08", "sci", 7.5, "أكتب سؤالاً واحداً في آخر الصفحة، والطالب يجيب عنه في اليوم التالي.", 1, languages=("ar",)
        ),
        answer(
            "09",
            "dep",
            9.5,
            "We were told to mark in three colours. We asked the pupils. They read none of them.",
            1,
            warning="inspection",
        ),
        answer("10", "trainee", 13, "A2: levels & <script>alert(1)</script> ticks, #EdChat", 2, how="label"),
        answer(
            "11", "head", 14, "A2 and A4: comments nobody reads. Notes: https://example.net/notes", 2, 4, how="label"
        ),
        answer("12", "hist", 15, "B, without regret.", 2),
        answer("14", "trainee", 30, "Underneath something that is gone, I still agree.", 3, to="13", how="thread"),
        answer(
            "15",
            "maths",
            31,
            "Posters help until week two.\n\nThen they are wallpaper.",
            3,
            media=(Media("image", "A wall"),),
            edited_at=START + timedelta(minutes=33),
        ),
        answer(
            "16",
            "trainee",
            45,
            "Stopped writing “good effort”. Nobody noticed, including me.",
            4,
            media=(Media("image", BOARD), Media("image"), Media("image", "The same board in June")),
            pictures=(Copy(0, sha256(board()), 1200, 800), Copy(1, sha256(notes()), 900, 1200), Copy(2)),
        ),
        answer("17", "y5", 60 * 11.2, "Late, but: I stopped marking titles. https://www.example.net/notes/", 4),
        answer("22", "short", 32, "We let the pupils write the wall.", 3, called="initials"),
        answer(
            "23",
            "unnamed",
            47.25,
            "I stopped marking on Sundays. It took a union rep to make me.",
            4,
            called="nameless",
            edited_at=START + timedelta(minutes=49),
        ),
        answer("24", "maths", 49, "Good for you!", 4, to="23", how="thread"),
        answer("18", "dep", 50, "Lovely chat, thank you @hanes@tŵt.example #EdChat", how="label"),
    ]
    stones = [
        Tombstone("13", "ours-bluesky-3", "ours-bluesky-3", START + timedelta(minutes=29)),
        Tombstone("19", "ours-mastodon-4", "ours-mastodon-4", START + timedelta(minutes=46)),
        Tombstone("20", "19", "ours-mastodon-4", START + timedelta(minutes=47)),
        Tombstone("21", "elsewhere", "", START + timedelta(minutes=48)),
    ]
    chat = stored_chats()[0]
    picks = (
        Pick("edchat/2027-01-07/q1", "01", "three people answered it"),
        Pick("edchat/2027-01-07/q1", "08", "so that more people are heard"),
        Pick("edchat/2027-01-07/q3", "22", "so that more people are heard"),
        Pick("edchat/2027-01-07/q4", "16", "the first answer"),
        Pick("edchat/2027-01-07/q4", "23", "so that more people are heard"),
    )
    ours = [sent(n, network, 5 + 8 * (n - 1)) for n in range(1, 5) for network in ("bluesky", "mastodon")]
    answers.sort(key=lambda one: (one.post.at, one.key))
    polls = (counted(7, 12, 3, 0),)
    return ChatContent(chat, tuple(ours), tuple(answers), tuple(stones), picks, left_out=12, polls=polls, intro=INTRO)


BOARD = "A whiteboard that says what I stopped: three lines, all of them crossed out"


def board() -> bytes:
    """A picture as a page shows it."""
    return (PICTURES / "board.webp").read_bytes()


def notes() -> bytes:
    """Another one, taller than wide."""
    return (PICTURES / "notes.webp").read_bytes()


def sha256(data: bytes) -> str:
    """The name of a picture."""
    return hashlib.sha256(data).hexdigest()


def album() -> Album:
    """The pictures that the sample's answers show; a third one could not be had."""
    files = {sha256(data): data for data in (board(), notes())}
    return Album({"edchat/2027-01-07": tuple(sorted(files))}, files.__getitem__)


def quoting(*but: str) -> Quoting:
    """Everybody whom the story quotes agreed, but the authors of these answers (by key)."""
    words = {one.key: words_read(one.post) for one in content().answers}
    keys = [key for key in STORY.quotes if key not in but]
    said = [Permission(key, STORY.chat, STORY.purpose, agreed=True, words=words[key], at=NOW) for key in keys]
    return Quoting(said, lambda chat, purpose: permitted(contents(chat).answers, said, purpose))


def event(**changes: Any) -> StoredChat:
    """A TeachMeet of the first series, still to come."""
    one = msgspec.structs.replace(TEACHMEET, **changes)
    (chat,) = planned_chats(msgspec.structs.replace(EDCHAT, chats=(), events=(one,)))
    return StoredChat(chat, EDCHAT, 1)


def chats() -> list[StoredChat]:
    """All chats and events of the site in order of start."""
    return sorted([*stored_chats(), *stored_chats(PROFCHAT, 1), event()], key=lambda one: one.chat.starts_at)


def figures() -> dict[str, ChatFigures]:
    """Counts as the store gives them."""
    none = {one.chat.id: ChatFigures(0, 0, 0, None) for one in chats()}
    return none | {"edchat/2027-01-07": ChatFigures(9, 20, 3, START + timedelta(hours=11.2))}


def shared_links(chats: Collection[str]) -> dict[str, tuple[SharedLink, ...]]:
    """``Store.shared_links``, of the chat that took place."""
    found = tuple(
        SharedLink(uri, one.post.author.id)
        for one in content().answers
        if not one.post.warning
        for uri in links(one.post.text)
    )
    return {"edchat/2027-01-07": found} if "edchat/2027-01-07" in chats else {}


def listed() -> tuple[Account, ...]:
    """Who asked to be listed, as the store gives them."""
    return tuple(
        Account(network, f"id:{who}", handle, name, f"https://social.example.org/{who}")
        for who, (network, handle, name) in PEOPLE.items()
        if who in ("y5", "sci", "head")
    )


def contents(chat: str) -> ChatContent:
    """``Store.content``."""
    if chat == "edchat/2027-01-07":
        return content()
    return ChatContent(next(one for one in chats() if one.chat.id == chat), (), (), (), ())


def toned(language: str, tone: Tone, form: Literal["live", "slow"]) -> StoredChat:
    """The first chat with one host, in a language and a tone, on one evening or over days."""
    series = msgspec.structs.replace(
        EDCHAT,
        languages=(language,),
        tone=tone,
        format=form,
        pace=timedelta(days=1) if form == "slow" else None,
        hosts=("edchat.example.org",),
        also_show=("America/New_York",),
    )
    return stored_chats(series)[0]


def quiet(stored: StoredChat) -> ChatContent:
    """What was said in the first chat, as said in this one, with a single answer chosen."""
    said = content()
    return msgspec.structs.replace(said, stored=stored, picks=said.picks[:1], intro="")
