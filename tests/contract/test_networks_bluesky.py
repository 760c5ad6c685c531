"""The shared suite over the real Bluesky network, and what only Bluesky has."""

import traceback
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import pytest
from contract.network_contract import NetworkContract
from contract.network_world import Blobs, Sender, ServerPost, carded, draft, ids, png, say, words
from contract.streams_contract import StreamsContract
from networks.bluesky_server import BlueskyAccount, BlueskyNetwork, Posted
from networks.faults import Fault, FaultProxy
from networks.jetstream import Jetstream

from bot.domain.outbox import Draft, DraftPost
from bot.domain.posts import PostRef
from bot.errors import Busy, Refused, Unanswered, Unauthorized
from bot.networks.bluesky import Bluesky, mark_as_bot
from bot.networks.bluesky.records import GATE, POST, cid_of
from bot.ports import Sent

PASSWORD = "long-and-secret"


def ref_of(posted: Posted) -> PostRef:
    return PostRef("bluesky", posted.uri, posted.cid)


class BlueskyTeacher:
    """A teacher with an account of their own on the PDS."""

    def __init__(self, account: BlueskyAccount) -> None:
        self.account = account
        self.id = account.did
        self.handle = account.handle

    def post(self, text: str) -> PostRef:
        return ref_of(self.account.post(text))

    def reply(self, to: PostRef, text: str) -> PostRef:
        return ref_of(self.account.reply(to.id, text))

    def quote(self, what: PostRef, text: str) -> PostRef:
        return ref_of(self.account.quote(what.id, text))

    def show(self, text: str, picture: bytes, alt: str) -> PostRef:
        blob = self.account.upload_blob(picture, "image/png")
        images = {"$type": "app.bsky.embed.images", "images": [{"image": blob, "alt": alt}]}
        return ref_of(self.account.post(text, embed=images))

    def edit(self, ref: PostRef, text: str) -> None:
        record = self.account.network.get_record(ref.id)["value"]
        self.account.put_record(POST, ref.id.rpartition("/")[2], {**record, "text": text})

    def delete(self, ref: PostRef) -> None:
        self.account.delete(ref.id)


class BlueskyWorld:
    """One bot account on the shared network, seen by our adapter through proxies that go wrong on demand."""

    has_quotes = True
    has_edits = False
    has_unlisted = False
    languages = 3
    tells_edits = True
    replays = True

    def __init__(self, net: BlueskyNetwork, proxy: FaultProxy, unique: Callable[[str], str]) -> None:
        self.net = net
        self.proxy = proxy
        self.appview: FaultProxy | None = None
        self.unique = unique
        self.streams: Sequence[str] = ()
        self.session: str | None = None
        self.made: list[Bluesky] = []
        self.me = net.create_account(unique("bot"), PASSWORD, bot=True)

    def network(self, *, bot: bool = True, **options: Any) -> Bluesky:
        account = self.me if bot else self.net.create_account(self.unique("plain"), PASSWORD)
        settings: dict[str, Any] = {
            "account": "main",
            "server": self.proxy.url,
            "handle": account.handle,
            "password": PASSWORD,
            "session": self.session if bot else None,
            "on_session": self._keep if bot else lambda _: None,
            "appview": self.appview.url if self.appview else "",
            "streams": self.streams,
            "clock": lambda: datetime.now(UTC),
            "timeout": 20.0,
        }
        network = Bluesky(**(settings | options))
        self.made.append(network)
        return network

    def gallery(self) -> Bluesky:
        return self.network(appview=self.net.appview_url)

    def teacher(self, name: str, *, bio: str = "") -> BlueskyTeacher:
        return BlueskyTeacher(self.net.create_account(self.unique(name), description=bio or None))

    def server_posts(self) -> Sequence[ServerPost]:
        records = self.net.list_records(self.me.did)
        return [self._server_post(record) for record in sorted(records, key=lambda record: record["uri"])]

    def settle(self) -> None:
        self.net.settle()

    def lose_next_answer(self) -> Fault:
        return self.proxy.lose_answer("POST", "com.atproto.repo.applyWrites")

    def unplug(self) -> None:
        self.proxy.unplug()
        if self.appview:
            self.appview.unplug()

    def plug(self) -> None:
        self.proxy.plug()
        if self.appview:
            self.appview.plug()

    def likes(self, ref: PostRef) -> int:
        held = self.net.list_records(self.me.did, "app.bsky.feed.like")
        return sum(record["value"]["subject"]["uri"] == ref.id for record in held)

    def _keep(self, session: str) -> None:
        self.session = session

    def _server_post(self, held: dict[str, Any]) -> ServerPost:
        record = held["value"]
        marks: dict[str, set[str]] = {"uri": set(), "tag": set(), "did": set()}
        data = record["text"].encode()
        for facet in record.get("facets", []):
            [feature] = facet["features"]
            shown = data[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
            [(kind, value)] = [(key, value) for key, value in feature.items() if key != "$type"]
            # a mark counts only where it lies on the words it means
            lies_right = shown.lstrip("#") == value if kind != "did" else shown.startswith("@")
            if lies_right:
                marks[kind].add(value.lower() if kind == "tag" else value)
        return ServerPost(
            id=held["uri"],
            text=record["text"],
            parent=record.get("reply", {}).get("parent", {}).get("uri", ""),
            languages=tuple(record.get("langs", ())),
            alts=tuple(image["alt"] for image in record.get("embed", {}).get("images", ())),
            links=frozenset(marks["uri"]),
            tags=frozenset(marks["tag"]),
            mentions=frozenset(marks["did"]),
        )


@pytest.fixture
def world(bluesky_network: BlueskyNetwork, unique: Callable[[str], str]) -> Iterator[BlueskyWorld]:
    with FaultProxy(bluesky_network.pds_url) as proxy:
        made = BlueskyWorld(bluesky_network, proxy, unique)
        yield made
        for network in made.made:
            network.close()


class TestBluesky(NetworkContract):
    """Everything through the account's own server."""


class TestStreams(StreamsContract):
    """Both protocols of Jetstream, and the firehose of the account's own server."""

    @pytest.fixture(params=["v1", "v2", "firehose"])
    def world(self, world: BlueskyWorld, request: pytest.FixtureRequest) -> Iterator[BlueskyWorld]:
        with Jetstream(world.net.pds_url) as jetstream:
            firehose = world.net.pds_url.replace("http", "ws", 1) + "/xrpc/com.atproto.sync.subscribeRepos"
            world.streams = [{"v1": jetstream.v1, "v2": jetstream.v2, "firehose": firehose}[request.param]]
            yield world


def gate_record(uri: str, hidden: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    """A threadgate record as an app writes it when its owner hides replies."""
    made = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return {"$type": GATE, "post": uri, "hiddenReplies": list(hidden), "createdAt": made, **more}


class TestRecordsOnTheServer:
    def test_content_ids_computed_beforehand_are_the_servers(self, world: BlueskyWorld) -> None:
        blobs = Blobs()
        posts = (
            DraftPost(words("Q1 👩🏽‍🏫 #EdChat https://example.org/é"), media=(blobs.keep(png(), "A poster"),)),
            DraftPost(words("one"), reply_to=0),
            DraftPost(words("two"), reply_to=0, media=(blobs.keep(png(shade=1), ""),)),
            DraftPost(words("three"), reply_to=1),
        )
        sender = Sender(world.network(), Draft(posts, ("en",), datetime.now(UTC), gated=True), blobs)
        assert [part.kind for part in sender.parts] == ["media", "media", "post", "post", "post", "post", "gate"]
        sender.send_all()
        for part in sender.parts[2:]:
            assert part.remote is not None
            held = world.net.get_record(part.remote.id)
            assert held["cid"] == part.remote.cid == cid_of(msgspec.json.decode(part.payload))
        values = [world.net.get_record(ref.id) for ref in sender.posts()]
        for held in values[1:]:
            reply = held["value"]["reply"]
            assert reply["root"] == {"uri": values[0]["uri"], "cid": values[0]["cid"]}
            assert reply["parent"]["cid"] in {value["cid"] for value in values}
        gate = world.net.get_record(sender.parts[-1].remote.id)["value"]
        assert gate["post"] == values[0]["uri"]
        assert {rule["$type"].rpartition("#")[2] for rule in gate["allow"]} == {"mentionRule", "followerRule"}
        applied = [seen for seen in world.proxy.seen if "applyWrites" in seen.path]
        assert len(applied) == 1

    def test_a_link_card_stands_there_as_it_was_frozen_and_its_picture_is_shown(self, world: BlueskyWorld) -> None:
        blobs = Blobs()
        picture = blobs.keep(png(120, 63), "Feedback")
        sender = Sender(world.network(), carded(picture), blobs)
        assert [part.kind for part in sender.parts] == ["media", "post", "post"]
        root, _ = sender.send_all()
        held = world.net.get_record(root.id)
        assert held["cid"] == root.cid == cid_of(msgspec.json.decode(sender.parts[1].payload))
        external = held["value"]["embed"]["external"]
        assert (external["uri"], external["title"]) == ("https://example.org/edchat/", "Feedback that pupils use")
        assert external["description"] == "8 people gave 9 answers."
        params = {"did": world.me.did, "cid": external["thumb"]["ref"]["$link"]}
        blob = httpx.get(f"{world.net.pds_url}/xrpc/com.atproto.sync.getBlob", params=params)
        assert blob.content == blobs[picture.sha256]
        world.settle()
        [seen] = world.me.call("app.bsky.feed.getPosts", params={"uris": [root.id]})["posts"]
        assert seen["embed"]["$type"] == "app.bsky.embed.external#view"
        assert external["thumb"]["ref"]["$link"] in seen["embed"]["external"]["thumb"]

    def test_a_gated_thread_is_gated_for_those_who_only_pass_by(self, world: BlueskyWorld) -> None:
        network = world.network()
        gated = msgspec.structs.replace(draft("The digest", "Part two"), gated=True)
        root, _ = Sender(network, gated).send_all()
        world.settle()  # the AppView judges a reply by the gate it knows when the reply comes in
        reply = world.teacher("amy").reply(root, "May I?")
        world.settle()
        assert reply.id not in ids(network.sweep(root))
        [post] = network.look_up([reply]).posts
        assert post.hidden

    def test_a_parent_without_content_id_is_completed(self, world: BlueskyWorld) -> None:
        network = world.network()
        [root] = say(network, "Q1 Why?")
        hung = draft("Five minutes left", reply_to=PostRef("bluesky", root.id))
        [late] = Sender(network, hung, seed=2).send_all()
        assert world.net.get_record(late.id)["value"]["reply"]["parent"] == {"uri": root.id, "cid": root.cid}

    def test_a_picture_the_server_threw_away_is_uploaded_again(self, world: BlueskyWorld) -> None:
        blobs = Blobs()
        posts = (DraftPost(words("Q1"), media=(blobs.keep(png(), "A poster"),)),)
        sender = Sender(world.network(), Draft(posts, ("en",), datetime.now(UTC)), blobs)
        [media, _] = sender.parts
        sender.landed((Sent(media.position, PostRef("bluesky", media.payload)),))  # said to be there, and is not
        [ref] = sender.send_all()
        assert world.server_posts()[0].id == ref.id

    def test_a_picture_that_is_not_what_it_says_is_refused(self, world: BlueskyWorld) -> None:
        blobs = Blobs()
        media = msgspec.structs.replace(blobs.keep(png(), "A poster"), mime="image/jpeg")
        sender = Sender(
            world.network(), Draft((DraftPost(words("Q1"), media=(media,)),), ("en",), datetime.now(UTC)), blobs
        )
        with pytest.raises(Refused, match="image/png"):
            sender.send_all()
        assert world.server_posts() == []

    def test_another_record_under_our_key_is_never_taken_for_ours(self, world: BlueskyWorld) -> None:
        sender = Sender(world.network(), draft("Q1 Why?"))
        other = {"$type": POST, "text": "something else", "createdAt": "2026-01-01T00:00:00Z"}
        world.me.create_record(POST, other, rkey=sender.parts[0].key)
        with pytest.raises(Unanswered):
            sender.send()
        with pytest.raises(Refused):
            sender.find()
        assert [post.text for post in world.server_posts()] == ["something else"]


class TestWhatIsHidden:
    def test_replies_hidden_in_our_thread_are_hidden_however_they_are_found(self, world: BlueskyWorld) -> None:
        network = world.network()
        [root] = say(network, "Q1 Why?")
        amy = world.teacher("amy")
        tag = world.unique("tag")
        shown, rude = amy.reply(root, f"A1 kind #{tag}"), amy.reply(root, f"A1 rude #{tag}")
        world.me.put_record(GATE, root.id.rpartition("/")[2], gate_record(root.id, [rude.id]))
        world.settle()
        ways = {
            "sweep": [post for batch in network.sweep(root) for post in batch],
            "look_up": network.look_up([shown, rude]).posts,
            "tagged": [post for batch in network.tagged(tag, datetime(2020, 1, 1, tzinfo=UTC)) for post in batch],
        }
        wanted = {shown.id: False, rude.id: True}
        assert {way: {post.ref.id: post.hidden for post in posts} for way, posts in ways.items()} == dict.fromkeys(
            ways, wanted
        )

    @pytest.mark.parametrize("through_appview", [False, True])
    def test_who_blocks_us_is_seen_to(self, world: BlueskyWorld, through_appview: bool) -> None:
        network = world.network(appview=world.net.appview_url if through_appview else "")
        [root] = say(network, "Q1 Why?")
        amy = world.teacher("amy")
        reply = amy.reply(root, "A1 Because")
        amy.account.block(world.me.did)
        world.settle()
        [post] = network.look_up([reply]).posts
        assert post.author.signals.blocks_us
        assert post.text.text == "A1 Because"
        swept = [post for batch in network.sweep(root) for post in batch]
        assert all(post.author.signals.blocks_us for post in swept)

    def test_an_account_that_left_takes_its_posts_along(self, world: BlueskyWorld) -> None:
        network = world.network()
        amy, ben = world.teacher("amy"), world.teacher("ben")
        gone, stays = amy.post("A1 from amy"), ben.post("A1 from ben")
        world.settle()
        amy.account.delete_account()
        world.settle()
        found = network.look_up([gone, stays])
        assert [post.ref.id for post in found.posts] == [stays.id]
        assert [ref.id for ref in found.gone] == [gone.id]

    def test_labels_of_account_and_post_come_along(self, world: BlueskyWorld) -> None:
        account = world.net.create_account(world.unique("amy"), labels=["!no-unauthenticated"], bot=True)
        marks = {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "graphic-media"}]}
        post = ref_of(account.post("A1 look", labels=marks))
        world.settle()
        [found] = world.network().look_up([post]).posts
        assert "!no-unauthenticated" in found.author.signals.labels
        assert found.author.signals.bot
        assert "graphic-media" in found.labels


class TestThroughAnAppView:
    """Public reads at an AppView without login, writes at our server."""

    @pytest.fixture
    def world(self, world: BlueskyWorld) -> Iterator[BlueskyWorld]:
        with FaultProxy(world.net.appview_url) as appview:
            world.appview = appview
            yield world

    def test_reads_go_there_without_login(self, world: BlueskyWorld) -> None:
        network = world.network()
        [root] = say(network, "Q1 Why?")
        amy = world.teacher("amy")
        chain = [root]
        for n in range(23):
            chain.append(amy.reply(chain[-1], f"A1 level {n}"))
        quote = amy.quote(root, "A1 quoted")
        world.settle()
        assert ids(network.sweep(root)) == sorted(ref.id for ref in chain[1:])
        assert ids(network.quotes(root)) == [quote.id]
        assert len(network.look_up(chain).posts) == len(chain)
        asked = {seen.path.split("?")[0].rpartition(".")[2] for seen in world.appview.seen}
        assert asked == {"getPostThread", "getQuotes", "getPosts"}


class TestLogin:
    def logins(self, world: BlueskyWorld) -> list[str]:
        names = [seen.path.rpartition(".")[2] for seen in world.proxy.seen]
        return [name for name in names if name.endswith("Session") and name != "getSession"]

    def test_a_kept_session_spares_the_login_after_a_restart(self, world: BlueskyWorld) -> None:
        world.network().identity()
        world.network(password="").identity()
        assert self.logins(world) == ["createSession"]

    def test_an_app_password_is_enough_and_says_what_it_may_do(self, world: BlueskyWorld) -> None:
        network = world.network(password=world.me.app_password())
        mine = network.identity()
        assert mine.scopes == ("com.atproto.appPass",)
        assert mine.software.startswith("PDS ")
        assert (mine.id, mine.handle) == (world.me.did, world.me.handle)
        say(network, "Q1 Why?")
        assert len(world.server_posts()) == 1

    def test_an_expired_token_is_refreshed_and_the_request_made_again(self, world: BlueskyWorld) -> None:
        network = world.network()
        sender = Sender(network, draft("Q1 Why?"))
        before = world.session
        world.proxy.answer(
            400, "POST", "applyWrites", body=b'{"error": "ExpiredToken", "message": "Token has expired"}'
        )
        sender.send_all()
        assert len(world.server_posts()) == 1
        assert self.logins(world) == ["createSession", "refreshSession"]
        assert world.session != before

    def test_where_refreshing_fails_we_log_in_again(self, world: BlueskyWorld) -> None:
        network = world.network()
        network.identity()
        expired = b'{"error": "ExpiredToken", "message": "Token has expired"}'
        world.proxy.answer(400, "POST", "refreshSession", body=expired)
        world.proxy.answer(401, "GET", "getRecord", body=expired)
        assert network.identity().id == world.me.did
        assert self.logins(world) == ["createSession", "refreshSession", "createSession"]

    def test_a_refused_login_names_the_mend_and_no_password(self, world: BlueskyWorld) -> None:
        network = world.network(password="hunter-two-three")
        with pytest.raises(Unauthorized, match="staffroom login bluesky") as caught:
            network.identity()
        assert "hunter" not in "".join(traceback.format_exception(caught.value))
        assert "hunter" not in repr(network) + repr(vars(network)["_xrpc"])

    def test_a_session_of_another_account_or_server_is_left_alone(self, world: BlueskyWorld) -> None:
        world.network().identity()
        other = world.net.create_account(world.unique("other"), PASSWORD)
        assert world.network(handle=other.handle).identity().id == other.did
        assert world.network(session="{broken").identity().id == world.me.did


class TestMarkingAsBot:
    def test_the_label_joins_what_the_profile_says_already(self, world: BlueskyWorld) -> None:
        plain = world.net.create_account(
            world.unique("plain"), PASSWORD, display_name="EdChat", description="A chat", labels=["!no-unauthenticated"]
        )
        network = world.network(handle=plain.handle, session=None)
        assert not network.identity().bot
        for _ in range(2):
            mark_as_bot(network)
            assert network.identity().bot
        record = world.net.get_record(f"at://{plain.did}/app.bsky.actor.profile/self")["value"]
        assert (record["displayName"], record["description"]) == ("EdChat", "A chat")
        assert [label["val"] for label in record["labels"]["values"]] == ["!no-unauthenticated", "bot"]

    def test_an_account_without_a_profile_gets_one(self, world: BlueskyWorld) -> None:
        network = world.network(bot=False)
        mark_as_bot(network)
        assert network.identity().bot


class TestTrouble:
    def test_a_limit_is_busy_for_as_long_as_the_server_says(self, world: BlueskyWorld) -> None:
        sender = Sender(world.network(), draft("Q1 Why?"))
        world.proxy.too_many("POST", "applyWrites", retry_after=7)
        with pytest.raises(Busy) as caught:
            sender.send()
        assert caught.value.retry_after == 7
        assert sender.find() == ()

    @pytest.mark.parametrize(
        ("status", "body"), [(200, b'{"results": [{"uri"'), (200, b"<html>"), (500, b""), (502, b"x"), (503, b"{}")]
    )
    def test_no_usable_answer_is_a_doubt(self, world: BlueskyWorld, status: int, body: bytes) -> None:
        sender = Sender(world.network(), draft("Q1 Why?"))
        world.proxy.answer(status, "POST", "applyWrites", body=body)
        with pytest.raises(Unanswered):
            sender.send()
        assert sender.find() == ()

    def test_a_server_that_stalls_is_a_doubt(self, world: BlueskyWorld) -> None:
        sender = Sender(world.network(timeout=2), draft("Q1 Why?"))  # logging in takes a part of it
        fault = world.proxy.stall("POST", "applyWrites", seconds=30)
        with pytest.raises(Unanswered):
            sender.send()
        fault.release()

    def test_an_answer_about_other_records_is_a_doubt(self, world: BlueskyWorld) -> None:
        sender = Sender(world.network(), draft("Q1 Why?"))
        world.proxy.answer(200, "POST", "applyWrites", body=b'{"results": []}')
        with pytest.raises(Unanswered):
            sender.send()

    def test_a_refusal_says_what_the_server_said(self, world: BlueskyWorld) -> None:
        sender = Sender(world.network(), draft("Q1 Why?"))
        body = b'{"error": "InvalidRequest", "message": "Record is too large"}'
        world.proxy.answer(400, "POST", "applyWrites", body=body)
        with pytest.raises(Refused, match="Record is too large"):
            sender.send()
