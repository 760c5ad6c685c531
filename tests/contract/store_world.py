"""A store over each database, and a small chat world to put into it. Tests import the fixtures they want."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from sqlalchemy import Engine, delete, exists, select

from bot.domain.chats import Chat
from bot.domain.occurrences import Weekly
from bot.domain.outbox import Delivery, Draft, DraftPost, Part
from bot.domain.posts import Account, Media, Post, PostRef
from bot.domain.prompts import Prompt
from bot.domain.records import Candidate, Pick
from bot.domain.richtext import Facet, Link, RichText
from bot.domain.series import Question, Series
from bot.ports import Sent
from bot.storage.engine import connect, transaction
from bot.storage.migrate import migrate
from bot.storage.store import SqlStore, open_store
from bot.storage.tables import metadata

if TYPE_CHECKING:
    from networks.postgres_server import PostgresServer

START = datetime(2027, 1, 7, 20, 0, tzinfo=UTC)
END = START + timedelta(hours=1)
BEFORE = START - timedelta(days=2)
LEASE = timedelta(minutes=3)
PEPPER = b"p" * 32
SECRET = "Xyzzy-the-planted-words"
_FILLED = select(*(exists(select(table)).label(table.name) for table in metadata.sorted_tables))


@cache
def _migrated(url: str) -> None:
    migrate(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """An empty migrated database. Migrating is slow beside most tests: it is done once in each process."""
    if request.param == "sqlite":
        template = tmp_path_factory.getbasetemp() / "template.db"
        _migrated(f"sqlite:///{template}")
        shutil.copyfile(template, tmp_path / "store.db")
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    url = _postgres_url(request.getfixturevalue("postgres_server"))
    yield url
    with transaction(_engine(url), writing=True) as connection:
        filled = connection.execute(_FILLED).one()._mapping
        for table in reversed(metadata.sorted_tables):
            if filled[table.name]:  # TRUNCATE makes new files for each table, and takes twenty times as long
                connection.execute(delete(table))


@cache
def _engine(url: str) -> Engine:
    """With a connection that stays: for each one PostgreSQL starts a process."""
    return connect(url)


@cache
def _postgres_url(server: "PostgresServer") -> str:
    url = server.fresh_database()
    migrate(url)
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    opened = open_store(database_url, pepper_source=lambda: PEPPER)
    yield opened
    opened.close()


def series(slug: str = "edchat", **changes: Any) -> Series:
    base = Series(
        slug=slug,
        title="EdChat",
        hashtag="EdChat",
        timezone="Europe/London",
        rhythm=Weekly(3),
        at=time(20),
        accounts=("sky", "masto"),
        late=timedelta(days=3),
        grace=timedelta(hours=2),
    )
    return msgspec.structs.replace(base, **changes)


def chat(day: int = 7, slug: str = "edchat", **changes: Any) -> Chat:
    start = START + timedelta(days=day - 7)
    base = Chat(
        id=f"{slug}/2027-01-{day:02}",
        series=slug,
        date=date(2027, 1, day),
        timezone="Europe/London",
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        topic="Marking",
        questions=(Question("Why mark?"), Question("What instead?")),
    )
    return msgspec.structs.replace(base, **changes)


def prompts(of: Chat) -> tuple[Prompt, ...]:
    """A welcome, two questions 20 minutes apart, a wrap-up."""
    said = [("welcome", "welcome", 0, 0, 10), ("q1", "question", 1, 5, 60), ("q2", "question", 2, 25, 60)]
    said.append(("wrap-up", "wrap-up", 0, 60, 720))
    return tuple(
        Prompt(
            id=f"{of.id}/{key}",
            chat=of.id,
            kind=kind,  # type: ignore[arg-type]
            number=number,
            order=order,
            at=of.starts_at + timedelta(minutes=at),
            useful_until=of.starts_at + timedelta(minutes=until),
        )
        for order, (key, kind, number, at, until) in enumerate(said)
    )


def deliveries(said: tuple[Prompt, ...], slug: str = "edchat") -> tuple[Delivery, ...]:
    return tuple(
        Delivery(
            id=f"{prompt.id}@{account}",
            prompt=prompt.id,
            chat=prompt.chat,
            series=slug,
            account=account,
            network=network,  # type: ignore[arg-type]
            order=prompt.order,
            at=prompt.at,
            useful_until=prompt.useful_until,
        )
        for prompt in said
        for account, network in (("sky", "bluesky"), ("masto", "mastodon"))
    )


def save(store: SqlStore, *chats: Chat, now: datetime = BEFORE, of: Series | None = None) -> None:
    """Plan a series with these chats as ``services.plan`` does."""
    one = of or series()
    said = tuple(prompt for each in chats for prompt in prompts(each))
    store.save_plan(one, chats, said, deliveries(said, one.slug), now)


def draft(*texts: str, answer: str = "") -> Draft:
    """A thread: the last post repeats ``answer``, if any."""
    last = len(texts) - 1
    return Draft(
        posts=tuple(
            DraftPost(RichText(text), reply_to=None if at == 0 else 0, answer=answer if at == last else "")
            for at, text in enumerate(texts)
        ),
        languages=("en",),
        at=START,
    )


def parts(*texts: str) -> tuple[Part, ...]:
    return tuple(
        Part(position=at, kind="post", key=f"k{at}", payload=text, needs=(0,) if at else (), post=at)
        for at, text in enumerate(texts)
    )


def sent(account: str, delivery: str, position: int = 0) -> Sent:
    network = "bluesky" if account == "sky" else "mastodon"
    return Sent(position, PostRef(network, f"{delivery}#{position}", url=f"https://example.org/{position}"))  # type: ignore[arg-type]


def say(store: SqlStore, delivery_id: str, now: datetime, *texts: str, answer: str = "") -> None:
    """Claim a delivery and bring it out, every step as ``services.deliver`` does."""
    account = delivery_id.rpartition("@")[2]
    words = texts or ("Hello",)
    claimed = store.claim(account, "me", now, now + LEASE)
    assert claimed is not None
    assert claimed.id == delivery_id
    store.freeze(delivery_id, "me", draft(*words, answer=answer), parts(*words))
    everything = range(len(words))
    store.leaving(delivery_id, "me", everything, now, now + LEASE)
    assert store.landed(delivery_id, "me", [sent(account, delivery_id, at) for at in everything], now)


def opened(store: SqlStore) -> tuple[Chat, str]:
    """A chat whose welcome and first question are out on Bluesky, and the question's node key."""
    one = chat()
    save(store, one)
    say(store, f"{one.id}/welcome@sky", one.starts_at)
    question = f"{one.id}/q1@sky"
    say(store, question, one.starts_at + timedelta(minutes=5))
    return one, store.key("bluesky", f"{question}#0")


def teacher(name: str = "amy", /, **changes: Any) -> Account:
    base = Account(
        "bluesky", f"did:plc:{name}", f"{name}.bsky.social", name.title(), f"https://bsky.app/profile/{name}"
    )
    return msgspec.structs.replace(base, **changes)


def candidate(store: SqlStore, of: str, name: str, parent: str = "", /, **changes: Any) -> Candidate:
    """A teacher's post; ``parent`` is a node key. Changes: fields of the candidate, or the post's text, author, at."""
    ref = PostRef("bluesky", f"at://did:plc:amy/app.bsky.feed.post/{name}", cid="c1", url=f"https://bsky.app/{name}")
    post = Post(
        ref=ref,
        author=teacher(),
        text=RichText(f"A1 {name} https://example.org", (Facet(3, 4, Link("https://example.org")),)),
        at=START + timedelta(minutes=7, seconds=31, microseconds=5),
        languages=("en",),
        media=(Media("image", "a desk"),),
        uri=ref.id,
    )
    of_post = {key: value for key, value in changes.items() if key in ("text", "author", "at")}
    of_candidate = {key: value for key, value in changes.items() if key not in of_post}
    base = Candidate(
        chat=of,
        post=msgspec.structs.replace(post, **of_post),
        key=store.key("bluesky", ref.id),
        parent=parent,
        root=parent,
        quote="",
        in_thread=bool(parent),
        store=True,
        hold=False,
        search=True,
        why="in-our-thread" if parent else "everyone",
    )
    return msgspec.structs.replace(base, **of_candidate)


def revision(store: SqlStore, of: str) -> int:
    found = store.chat(of)
    assert found is not None
    return found.revision


def same_revision(store: SqlStore, of: str, act: Callable[[], object]) -> bool:
    """Whether something leaves a chat's pages as they were."""
    before = revision(store, of)
    act()
    return revision(store, of) == before


WHO = teacher("quuxwho", name="Quux The Planted Name")
TRACES = (SECRET, "quuxwho", "Quux The Planted Name", "planted-rkey", "a desk")


def planted(store: SqlStore, of: str, parent: str, /, **changes: Any) -> Candidate:
    """A post full of strings that occur nowhere else, long enough to fill pages of its own."""
    found = candidate(store, of, "planted", parent, author=WHO, text=RichText(f"{SECRET} " * 300), **changes)
    ref = PostRef(
        "bluesky", "at://did:plc:quuxwho/app.bsky.feed.post/planted-rkey", "c", "https://bsky.app/planted-rkey"
    )
    post = msgspec.structs.replace(found.post, ref=ref, uri=ref.id)
    return msgspec.structs.replace(found, post=post, key=store.key("bluesky", ref.id))


def everything(store: SqlStore) -> str:
    """Every value of every row (the row's own ``repr`` would cut long ones short)."""
    with store._reading() as connection:
        rows = [row for table in metadata.sorted_tables for row in connection.execute(select(table))]
    return "\n".join(str(value) for row in rows for value in row)


def traces(store: SqlStore, database_url: str) -> list[str]:
    """The planted strings that are still in some row, and on SQLite in any file of the database."""
    texts = [everything(store).encode(), *on_disk(database_url)]
    return [trace for trace in TRACES if any(trace.encode() in text for text in texts)]


def on_disk(database_url: str) -> list[bytes]:
    """What stands in each file of a SQLite database; nothing of PostgreSQL's."""
    if not database_url.startswith("sqlite"):
        return []
    path = Path(database_url.removeprefix("sqlite:///"))
    files = sorted(path.parent.glob(f"{path.name}*"))
    assert path in files
    return [file.read_bytes() for file in files]


def digest_of(store: SqlStore, now: datetime, *answers: str) -> tuple[str, Any]:
    """An open chat whose answers a digest chose; its delivery on Bluesky is due."""
    one = chat()
    prompt = Prompt(f"{one.id}/digest", one.id, "digest", 0, 4, now, END + timedelta(days=7))
    picks = [Pick(f"{one.id}/q1", key, f"because {SECRET}") for key in answers]
    store.cancel(one.id, now)  # so that nothing else of the chat is waiting
    store.save_digest(prompt, deliveries((prompt,)), picks, now)
    claimed = store.claim("sky", "me", now, now + LEASE)
    assert claimed is not None
    assert claimed.prompt == prompt.id
    return claimed.id, claimed
