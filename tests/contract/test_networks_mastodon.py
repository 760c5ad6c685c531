"""The shared suite over a strict Mastodon-API server, and what only this API has."""

import html
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from contract.network_contract import Blobs, NetworkContract, Sender, ServerPost, draft, ids, png, say, words
from networks.faults import Fault, FaultProxy
from networks.mastodon_server import MastodonAccount, MastodonServer

from bot.domain.outbox import Draft, DraftPost, Poll
from bot.domain.posts import Post, PostRef
from bot.domain.records import PollCount
from bot.domain.richtext import Mention
from bot.errors import Busy, Refused, Unanswered, Unauthorized, Unavailable
from bot.networks.mastodon import Mastodon
from bot.ports import Wanted

Json = dict[str, Any]


def hosted(url: str) -> str:
    return url.removeprefix("http://")


class MastodonTeacher:
    """A teacher on the same server; posts are addressed as our adapter, behind its proxy, knows them."""

    def __init__(self, world: "MastodonWorld", account: MastodonAccount) -> None:
        self.world = world
        self.account = account
        self.id = f"{world.server.url}/@{account.username}"
        self.handle = f"{account.username}@{hosted(world.server.url)}"

    def post(self, text: str, **more: Any) -> PostRef:
        return self.world.ref(self.account.post(text, **more))

    def reply(self, to: PostRef, text: str, **more: Any) -> PostRef:
        author = self.account.call("GET", f"/api/v1/statuses/{local(to)}")["account"]["username"]
        addressed = text if author == self.account.username else f"@{author} {text}"
        return self.world.ref(self.account.reply(local(to), addressed, **more))

    def quote(self, what: PostRef, text: str) -> PostRef:
        return self.world.ref(self.account.post(text, quote=local(what)))

    def show(self, text: str, picture: bytes, alt: str, **more: Any) -> PostRef:
        upload = {"files": {"file": ("a.png", picture, "image/png")}, "data": {"description": alt}}
        media = self.account.call("POST", "/api/v2/media", **upload)
        return self.post(text, media_ids=[media["id"]], **more)

    def edit(self, ref: PostRef, text: str) -> None:
        self.account.edit(local(ref), text)

    def delete(self, ref: PostRef) -> None:
        self.account.delete(local(ref))


class MastodonWorld:
    """One bot account on the shared server, seen by our adapter through a proxy that goes wrong on demand."""

    has_quotes = True
    has_edits = True
    has_unlisted = True
    languages = 1

    def __init__(self, server: MastodonServer, proxy: FaultProxy, unique: Callable[[str], str]) -> None:
        self.server = server
        self.proxy = proxy
        self.unique = unique
        self.made: list[Mastodon] = []
        self.me = server.create_account(unique("bot"), bot=True)

    def network(self, *, bot: bool = True, **options: Any) -> Mastodon:
        account = self.me if bot else self.server.create_account(self.unique("plain"))
        settings: Json = {
            "account": "main",
            "server": self.proxy.url,
            "token": account.token,
            "clock": lambda: datetime.now(UTC),
            "timeout": 20.0,
        }
        network = Mastodon(**(settings | options))
        self.made.append(network)
        return network

    def gallery(self) -> Mastodon:
        return self.network(named=[self.server.url])

    def teacher(self, name: str, *, bio: str = "", **flags: bool) -> MastodonTeacher:
        return MastodonTeacher(self, self.server.create_account(self.unique(name), note=bio, **flags))

    def server_posts(self) -> Sequence[ServerPost]:
        held = self.server.account_statuses(self.me.id, token=self.me.token)
        return [self._server_post(post) for post in reversed(held)]

    def settle(self) -> None:
        """The server's reads show every write at once."""

    def lose_next_answer(self) -> Fault:
        return self.proxy.lose_answer("POST", "/api/v1/statuses$")

    def unplug(self) -> None:
        self.proxy.unplug()

    def plug(self) -> None:
        self.proxy.plug()

    def ref(self, post: Json) -> PostRef:
        return PostRef("mastodon", f"{hosted(self.proxy.url)}/{post['id']}", url=post["url"])

    def _server_post(self, held: Json) -> ServerPost:
        # A server shows a mention of its own people by name alone; the suite wants it whole.
        text = re.sub(r"<br ?/?>", "\n", held["content"].replace("</p><p>", "\n\n"))
        text = html.unescape(re.sub(r"<[^>]*>", "", text))
        for one in held["mentions"]:
            text = re.sub(rf"@{one['username']}\b(?!@)", f"@{one['acct']}@{hosted(self.server.url)}", text)
        parent = held["in_reply_to_id"]
        return ServerPost(
            id=f"{hosted(self.proxy.url)}/{held['id']}",
            text=text,
            parent=f"{hosted(self.proxy.url)}/{parent}" if parent else "",
            languages=(held["language"],),
            visibility=held["visibility"],
            alts=tuple(media["description"] for media in held["media_attachments"]),
            links=frozenset(re.findall(r'<a href="([^"]+)" target', held["content"])),
            tags=frozenset(tag["name"].lower() for tag in held["tags"]),
            mentions=frozenset(one["url"] for one in held["mentions"]),
        )


def local(ref: PostRef) -> str:
    return ref.id.rpartition("/")[2]


@pytest.fixture
def world(mastodon_server: MastodonServer, unique: Callable[[str], str]) -> Iterator[MastodonWorld]:
    with FaultProxy(mastodon_server.url) as proxy:
        made = MastodonWorld(mastodon_server, proxy, unique)
        yield made
        for network in made.made:
            network.close()


class TestMastodon(NetworkContract):
    """Everything through a proxy in front of the account's own server."""


# -- saying ---------------------------------------------------------------------------------------------------------
def poll_draft(text: str = "Q1 Which?", **more: Any) -> Draft:
    poll = Poll(("Marking", "Homework", "Reading"), 3600)
    return Draft((DraftPost(words(text), poll=poll),), ("en-GB",), datetime.now(UTC), **more)


def test_a_poll_goes_out_and_is_found_again(world: MastodonWorld) -> None:
    sender = Sender(world.network(), poll_draft())
    fault = world.lose_next_answer()
    with pytest.raises(Unanswered):
        sender.send()
    assert fault.fired == 1
    [sent] = sender.find()
    held = world.server.get_status(local(sent.remote))
    assert [option["title"] for option in held["poll"]["options"]] == ["Marking", "Homework", "Reading"]
    assert held["language"] == "en"


def test_a_poll_with_other_options_is_another_post(world: MastodonWorld) -> None:
    plain = draft("Q1 Which?")
    say(world.network(), "Q1 Which?")
    assert Sender(world.network(), plain).find() != ()
    assert Sender(world.network(), poll_draft()).find() == ()


def asked(world: MastodonWorld, network: Mastodon, text: str = "Q1 Which?") -> tuple[PostRef, str]:
    """A poll that our account asks: its post, and the poll's id."""
    [sent] = Sender(network, poll_draft(text)).send()
    return sent.remote, world.server.get_status(local(sent.remote))["poll"]["id"]


def test_votes_are_read_of_several_polls_at_once_until_they_are_over(world: MastodonWorld) -> None:
    network = world.network()
    (one, poll), (other, _) = asked(world, network), asked(world, network, "Q2 And here?")
    for name, choice in (("amy", 2), ("ben", 2), ("cat", 0)):
        world.teacher(name).account.vote(poll, choice)
    titles = ("Marking", "Homework", "Reading")
    before = len(world.proxy.seen)
    assert network.polls([one, other]) == {
        one.id: PollCount(titles, (1, 0, 2), over=False),
        other.id: PollCount(titles, (0, 0, 0), over=False),
    }
    assert len(world.proxy.seen) - before == 1
    world.server.close_poll(poll)
    assert network.polls([one]) == {one.id: PollCount(titles, (1, 0, 2), over=True)}


def test_of_posts_without_a_poll_or_that_are_gone_no_votes_are_told(world: MastodonWorld) -> None:
    network = world.network()
    [plain] = Sender(network, draft("Q1 Which?")).send()
    gone, _ = asked(world, network)
    network.delete(gone)
    elsewhere = PostRef("mastodon", "elsewhere.example/1")
    assert network.polls([plain.remote, gone, elsewhere]) == {}


def test_a_poll_with_a_picture_is_refused_before_anything_is_sent(world: MastodonWorld) -> None:
    picture = Blobs().keep(png(), "A wall")
    post = msgspec.structs.replace(poll_draft().posts[0], media=(picture,))
    with pytest.raises(Refused, match="poll and a picture"):
        Sender(world.network(), Draft((post,), ("en",), datetime.now(UTC)))


def test_a_post_is_found_after_its_key_grew_old_and_on_servers_without_keys(world: MastodonWorld) -> None:
    sender = Sender(world.network(), draft("Only once"))
    world.lose_next_answer()
    with pytest.raises(Unanswered):
        sender.send()
    world.server.advance_keys(world.me.id, 3601)
    assert sender.find()
    assert len(world.server_posts()) == 1


def test_find_takes_no_other_parts_post_for_its_own(world: MastodonWorld) -> None:
    posts = (DraftPost(words("Root")), DraftPost(words("Same"), reply_to=0), DraftPost(words("Same"), reply_to=0))
    sender = Sender(world.network(), Draft(posts, ("en",), datetime.now(UTC)))
    sender.send()
    sender.send()
    assert sender.find() == ()
    sender.send()
    assert len(world.server_posts()) == 3


def test_find_knows_a_post_among_many_by_its_parent_and_text(world: MastodonWorld) -> None:
    network = world.network()
    sender = Sender(network, draft("Root <b> & “quotes”\n\nsecond paragraph\nline", "The reply https://example.org/x"))
    sender.send()
    fault = world.lose_next_answer()
    with pytest.raises(Unanswered):
        sender.send()
    assert fault.fired == 1
    for n in range(45):  # more than one page of later posts
        world.me.post(f"Something else {n}")
    world.me.post("The reply https://example.org/x")  # without the parent
    [sent] = sender.find()
    assert world.server.get_status(local(sent.remote))["in_reply_to_id"] == local(sender.posts()[0])


def test_find_looks_back_no_further_than_ten_minutes_before_the_request(world: MastodonWorld) -> None:
    say(world.network(), "Welcome!")
    sender = Sender(world.network(), draft("Welcome!"), seed=2)

    def tried(at: datetime) -> None:
        sender.parts = tuple(msgspec.structs.replace(part, state="unknown", tried_at=at) for part in sender.parts)

    tried(datetime.now(UTC) + timedelta(minutes=11))
    assert sender.network.find(sender.group(), sender.parts) == ()
    tried(datetime.now(UTC) + timedelta(minutes=9))
    assert len(sender.network.find(sender.group(), sender.parts)) == 1


def test_find_minds_that_the_servers_clock_is_another(world: MastodonWorld) -> None:
    say(world.network(), "Welcome!")
    hour = timedelta(hours=1)
    ours_is_ahead = world.network(clock=lambda: datetime.now(UTC) + hour)
    sender = Sender(ours_is_ahead, draft("Welcome!"), seed=2)
    at = datetime.now(UTC) + hour
    sender.parts = tuple(msgspec.structs.replace(part, state="unknown", tried_at=at) for part in sender.parts)
    assert len(sender.find()) == 1


def test_a_mention_is_of_the_account_it_means(world: MastodonWorld) -> None:
    amy = world.teacher("amy")
    network = world.network()
    [ref] = say(network, words(f"Thanks @{amy.handle}!", **{amy.handle: amy.id}))
    [post] = network.look_up([ref]).posts
    [mention] = [facet.feature for facet in post.text.facets]
    assert mention == Mention("", f"@{amy.handle}")
    assert world.server.get_status(local(ref))["mentions"][0]["id"] == amy.account.id


def test_a_reply_to_a_deleted_post_is_refused_in_the_servers_words(world: MastodonWorld) -> None:
    network = world.network()
    [root] = say(network, "Q1 Why?")
    sender = Sender(network, draft("Five minutes left", reply_to=root), seed=2)
    world.me.delete(local(root))
    with pytest.raises(Refused, match="does not appear to exist"):
        sender.send()


def test_a_reply_to_another_servers_id_is_refused(world: MastodonWorld) -> None:
    elsewhere = PostRef("mastodon", "elsewhere.example/1")
    with pytest.raises(Refused, match=r"elsewhere\.example/1"):
        Sender(world.network(), draft("Hm", reply_to=elsewhere))


def test_a_warning_is_sent_and_read(world: MastodonWorld) -> None:
    network = world.network()
    sender = Sender(network, msgspec.structs.replace(draft("About exams"), warning="exam stress"))
    [ref] = sender.send_all()
    [post] = network.look_up([ref]).posts
    assert (post.warning, post.text.text) == ("exam stress", "About exams")


# -- what a failure means -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "headers", "body", "meant"),
    [
        (500, {}, b"oops", Unanswered),
        (502, {}, b"<html>bad gateway</html>", Unanswered),
        (503, {}, b"", Unanswered),
        (504, {}, b"", Unanswered),
        (408, {}, b"", Unanswered),
        (200, {}, b'{"id": "1", "acc', Unanswered),
        (200, {}, b"<html>welcome to the wifi</html>", Unanswered),
        (200, {}, b"[" * 100_000, Unanswered),
        (401, {}, b'{"error": "The access token is invalid"}', Unauthorized),
        (403, {}, b'{"error": "Your login is currently disabled"}', Unauthorized),
        (404, {}, b'{"error": "Record not found"}', Refused),
        (403, {}, b"<html>Checking your browser</html>", Unanswered),
        (410, {}, b'{"error": "Gone"}', Refused),
        (410, {}, b"", Unanswered),
        (422, {}, b'{"error": "Validation failed: Text can\'t be blank"}', Refused),
        (301, {"Location": "https://elsewhere.example/"}, b"", Unavailable),
    ],
)
def test_every_answer_to_a_post_has_a_meaning(
    world: MastodonWorld, status: int, headers: dict[str, str], body: bytes, meant: type[Exception]
) -> None:
    sender = Sender(world.network(), draft("Hello"))
    fault = world.proxy.answer(status, "POST", "/api/v1/statuses$", headers=headers, body=body)
    with pytest.raises(meant) as caught:
        sender.send()
    assert fault.fired == 1
    assert type(caught.value) is meant
    assert world.me.token not in str(caught.value)


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [({"Retry-After": "42"}, 42, 42), ({}, 60, 60), ({"X-RateLimit-Reset": "2001-01-01T00:00:00Z"}, 1, 60)],
)
def test_too_many_requests_says_how_long_to_wait(
    world: MastodonWorld, headers: dict[str, str], least: float, most: float
) -> None:
    network = world.network()
    sender = Sender(network, draft("Hello"))
    world.proxy.answer(429, "POST", "/api/v1/statuses$", headers=headers)
    with pytest.raises(Busy) as caught:
        sender.send()
    assert least <= caught.value.retry_after <= most
    assert list(world.server_posts()) == []


def test_the_servers_own_limit_is_obeyed_by_its_own_clock(world: MastodonWorld) -> None:
    network = world.network(clock=lambda: datetime(2001, 1, 1, tzinfo=UTC))
    sender = Sender(network, draft("Hello"))
    world.server.limit(world.me.id, 0, seconds=120)
    with pytest.raises(Busy) as caught:
        sender.send()
    assert 100 < caught.value.retry_after < 130  # the server writes its own time to the second


def test_reading_leaves_the_last_tenth_of_the_allowance_to_posting(world: MastodonWorld) -> None:
    network = world.network()
    [root] = say(network, "Q1 Why?")
    world.server.limit(world.me.id, 30, seconds=300)
    looks = (network.look_up([root]) for _ in range(40))
    with pytest.raises(Busy) as caught:
        list(looks)
    assert 200 < caught.value.retry_after < 310  # as above
    assert len(say(network, "Q2 still goes out", seed=2)) == 1


def test_silence_is_no_answer_and_the_post_is_found(world: MastodonWorld) -> None:
    sender = Sender(world.network(timeout=1.0), draft("Hello"))
    fault = world.proxy.stall("POST", "/api/v1/statuses$", forward_first=True)
    with pytest.raises(Unanswered):
        sender.send()
    fault.release()
    assert len(sender.find()) == 1


def test_a_busy_server_is_unavailable_to_readers(world: MastodonWorld) -> None:
    network = world.network()
    [root] = say(network, "Q1 Why?")
    world.proxy.answer(503, "GET", "/context")
    with pytest.raises(Unavailable):
        list(network.sweep(root))


# -- reading --------------------------------------------------------------------------------------------------------
def swept(world: MastodonWorld, root: PostRef) -> dict[str, Post]:
    return {post.ref.id: post for batch in world.network().sweep(root) for post in batch}


def test_visibility_is_told_and_what_closes_is_gone(world: MastodonWorld) -> None:
    network = world.network()
    [root] = say(network, "Q1 Why?")
    amy = world.teacher("amy")
    kinds = {"public": "public", "unlisted": "unlisted", "private": "followers", "direct": "direct"}
    refs = {kind: amy.reply(root, f"A1 {kind}", visibility=kind) for kind in kinds}
    found = swept(world, root)
    assert {found[ref.id].visibility for ref in refs.values()} == set(kinds.values())
    assert {kind: found[ref.id].visibility for kind, ref in refs.items()} == kinds
    answer = network.look_up(list(refs.values()))
    assert {ref.id for ref in answer.gone} == {refs["private"].id, refs["direct"].id}
    assert {post.ref.id for post in answer.posts} == {refs["public"].id, refs["unlisted"].id}


def test_the_post_of_somebody_who_blocks_us_is_gone(world: MastodonWorld) -> None:
    network = world.network()
    [root] = say(network, "Q1 Why?")
    amy = world.teacher("amy")
    reply = amy.reply(root, "A1 Because")
    assert reply.id in swept(world, root)
    amy.account.block(world.me.id)
    assert network.look_up([reply]).gone == (reply,)
    assert reply.id not in swept(world, root)


def test_an_accounts_signals_are_read(world: MastodonWorld) -> None:
    [root] = say(world.network(), "Q1 Why?")
    amy = world.teacher("amy", bio="Year 5, maths. #NoBot please", noindex=True, indexable=True, discoverable=True)
    ben = world.teacher("ben", bot=True)
    refs = [one.reply(root, "A1") for one in (amy, ben)]
    found = swept(world, root)
    posts = [found[ref.id] for ref in refs]
    signals = [post.author.signals for post in posts]
    assert (signals[0].bio_tags, signals[0].noindex, signals[0].indexable) == (("nobot",), True, True)
    assert (signals[1].bot, signals[1].indexable, signals[1].discoverable) == (True, False, False)
    assert posts[0].author.id == amy.id
    assert posts[0].author.handle == f"@{amy.handle}"


def test_media_of_others_is_described_and_not_fetched(world: MastodonWorld) -> None:
    network = world.network()
    amy = world.teacher("amy")
    ref = amy.show("A1 look", png(), "Our wall")
    [post] = network.look_up([ref]).posts
    assert [(one.kind, one.alt) for one in post.media] == [("image", "Our wall")]
    assert world.proxy.requests("GET", "/media/attachments") == []


def test_what_is_marked_as_sensitive_has_no_key_and_is_not_fetched(world: MastodonWorld) -> None:
    network, amy = world.gallery(), world.teacher("amy")
    plain, sensitive = amy.show("A1 look", png(), "Our wall"), amy.show("A1 no", png(), "A wound", sensitive=True)
    posts = {post.ref.id: post.media for post in network.look_up([plain, sensitive]).posts}
    assert [(one.alt, one.key) for one in posts[sensitive.id]] == [("A wound", "")]
    held = amy.account.call("GET", f"/api/v1/statuses/{local(sensitive)}")
    assert network.pictures(sensitive, [held["media_attachments"][0]["id"]]) == {}
    assert network.pictures(plain, [posts[plain.id][0].key])


def test_a_picture_at_a_private_address_that_nobody_named_is_not_fetched(world: MastodonWorld) -> None:
    network, amy = world.network(), world.teacher("amy")  # behind its proxy the server is one that nobody named
    ref = amy.show("A1 look", png(), "Our wall")
    ((media,),) = [post.media for post in network.look_up([ref]).posts]
    assert network.pictures(ref, [media.key]) == {}
    assert world.gallery().pictures(ref, [media.key])


def test_pictures_of_another_server_are_left_to_its_account(world: MastodonWorld) -> None:
    assert world.network().pictures(PostRef("mastodon", "elsewhere.example/1"), ["1"]) is None


def test_a_long_hashtag_is_read_to_its_beginning_and_not_beyond(world: MastodonWorld) -> None:
    network = world.network()
    tag = world.unique("EdChat")
    amy = world.teacher("amy")
    refs = [amy.post(f"A{n} #{tag}") for n in range(45)]
    now = datetime.now(UTC)
    assert ids(network.tagged(tag, now - timedelta(hours=1))) == sorted(ref.id for ref in refs)
    asked = len(world.proxy.requests("GET", "timelines/tag"))
    assert ids(network.tagged(f"#{tag}", now + timedelta(minutes=1))) == []
    assert len(world.proxy.requests("GET", "timelines/tag")) == asked + 1


def test_many_notifications_come_in_order_without_a_gap(world: MastodonWorld) -> None:
    network = world.network()
    [root] = say(network, "Q1 Why?")
    amy = world.teacher("amy")
    first = amy.reply(root, "A1 first")
    heard = network.listen("", Wanted())
    refs = [amy.reply(root, f"A1 number {n}") for n in range(45)]
    more = network.listen(heard.cursor, Wanted())
    assert [post.ref.id for post in heard.posts] == [first.id]
    assert [post.ref.id for post in more.posts] == sorted((ref.id for ref in refs), key=lambda each: (len(each), each))
    assert network.listen(more.cursor, Wanted()).posts == ()


def test_a_quote_is_heard(world: MastodonWorld) -> None:
    network = world.network()
    [root] = say(network, "Q1 Why?")
    quote = world.teacher("amy").quote(root, "A1 this")
    [post] = network.look_up([quote]).posts
    assert post.quote == root.id


def test_an_older_server_is_asked_one_by_one(world: MastodonWorld) -> None:
    world.proxy.answer(200, "GET", "/api/v2/instance", body=b'{"domain": "old.example", "version": "4.2.9"}')
    network = world.network()
    [root] = say(network, "Q1 Why?")
    amy = world.teacher("amy")
    stays, goes = amy.reply(root, "A1"), amy.reply(root, "A2")
    amy.delete(goes)
    fault = world.proxy.answer(404, "GET", r"/api/v1/statuses\?", times=None)
    for _ in range(2):
        answer = network.look_up([stays, goes])
        assert ([post.ref.id for post in answer.posts], answer.gone) == ([stays.id], (goes,))
    assert fault.fired == 1


def test_other_servers_posts_stay_unknown(world: MastodonWorld) -> None:
    elsewhere = PostRef("mastodon", "elsewhere.example/1")
    answer = world.network().look_up([elsewhere])
    assert (answer.posts, answer.gone) == ((), ())


def test_a_lost_login_does_not_look_like_many_deletions(world: MastodonWorld) -> None:
    ref = world.teacher("amy").post("A1")
    stranger = world.network(token="not-a-token")
    with pytest.raises(Unauthorized):
        stranger.look_up([ref])


@pytest.mark.parametrize("status", [404, 410])
def test_the_words_of_something_in_front_bury_nothing(world: MastodonWorld, status: int) -> None:
    network = world.network()
    ref = world.teacher("amy").post("A1")
    world.proxy.answer(status, "GET", "/api/v1/statuses", body=b"<html>maintenance</html>", times=None)
    with pytest.raises(Unanswered):
        network.look_up([ref])


@pytest.mark.parametrize("status", [401, 403])
def test_a_post_closed_to_us_is_gone_while_our_login_is_good(world: MastodonWorld, status: int) -> None:
    network = world.network()
    ref = world.teacher("amy").post("A1")
    world.proxy.answer(404, "GET", r"/api/v1/statuses\?")
    world.proxy.answer(status, "GET", f"/api/v1/statuses/{local(ref)}$", body=b'{"error": "not for you"}')
    assert network.look_up([ref]).gone == (ref,)


def test_what_is_known_before_the_server_stops_answering_is_kept(world: MastodonWorld) -> None:
    network = world.network()
    amy = world.teacher("amy")
    refs = [amy.post(f"A{n}") for n in range(25)]
    fault = world.proxy.answer(500, "GET", f"id%5B%5D={local(refs[24])}")
    answer = network.look_up(refs)
    assert fault.fired == 1
    assert {post.ref.id for post in answer.posts} == {ref.id for ref in refs[:20]}
    assert answer.gone == ()


# -- who we are -----------------------------------------------------------------------------------------------------
def test_identity_and_limits_are_the_servers_own(world: MastodonWorld) -> None:
    network = world.network()
    mine = network.identity()
    assert mine.handle == f"@{world.me.username}@{hosted(world.server.url)}"
    assert "4." in mine.software
    assert mine.terms.startswith("http")
    assert (network.limits.most, network.limits.link) == (500, 23)


def test_limits_come_from_the_older_page_too(world: MastodonWorld) -> None:
    body = b'{"uri": "old.example", "version": "3.5.0", "max_toot_chars": 1312}'
    world.proxy.answer(404, "GET", "/api/v2/instance")
    world.proxy.answer(200, "GET", "/api/v1/instance", body=body)
    assert world.network().limits.most == 1312


def test_limits_are_mastodons_while_the_server_cannot_be_asked(world: MastodonWorld) -> None:
    network = world.network()
    world.unplug()
    assert (network.limits.unit, network.limits.most, network.limits.link) == ("mastodon", 500, 23)
    world.plug()
    body = b'{"domain": "x.example", "configuration": {"statuses": {"max_characters": 5000}}}'
    world.proxy.answer(200, "GET", "/api/v2/instance", body=body)
    assert (network.limits.most, network.limits.link) == (5000, 23)
