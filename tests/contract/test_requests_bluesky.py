"""Likes, answers, deletions and look-ups on the real Bluesky network; private messages before a played service."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from contract.network_world import say
from contract.streams_contract import KEYS
from contract.test_networks_bluesky import BlueskyWorld
from networks.bluesky_server import BlueskyNetwork
from networks.faults import FaultProxy

from bot.domain.posts import PostRef
from bot.errors import NetworkError, Refused, Unanswered, Unauthorized
from bot.networks.bluesky import Bluesky
from bot.networks.bluesky.requests import answer_key, like_key

NOBODY = {"error": "HandleNotFound"}
NOW = datetime(2026, 3, 5, 20, 0, tzinfo=UTC)


@pytest.fixture
def world(bluesky_network: BlueskyNetwork, unique: Callable[[str], str]) -> Iterator[BlueskyWorld]:
    with FaultProxy(bluesky_network.pds_url) as proxy:
        made = BlueskyWorld(bluesky_network, proxy, unique)
        yield made
        for network in made.made:
            network.close()


class TestWritingOnce:
    def test_a_like_whose_answer_was_lost_is_found(self, world: BlueskyWorld) -> None:
        network = world.network()
        ref = world.teacher("amy").post("REMOVE THIS")
        fault = world.proxy.lose_answer("POST", "createRecord")
        network.like(PostRef("bluesky", ref.id))
        assert fault.fired == 1
        assert world.likes(ref) == 1

    def test_a_like_that_was_not_written_stays_in_doubt(self, world: BlueskyWorld) -> None:
        network = world.network()
        ref = world.teacher("amy").post("REMOVE THIS")
        world.proxy.answer(500, "POST", "createRecord", body=b"{}")
        with pytest.raises(Unanswered):
            network.like(ref)
        network.like(ref)
        assert world.likes(ref) == 1

    def test_a_post_that_is_gone_cannot_be_liked_or_answered(self, world: BlueskyWorld) -> None:
        network = world.network()
        amy = world.teacher("amy")
        ref = amy.post("REMOVE THIS")
        amy.delete(ref)
        with pytest.raises(Refused):
            network.like(PostRef("bluesky", ref.id))
        with pytest.raises(Refused):
            network.answer(ref, amy.handle, "Did you mean REMOVE ME?", KEYS[0], NOW)

    def test_an_answer_hangs_below_its_question_in_the_right_thread_and_mentions_nobody(
        self, world: BlueskyWorld
    ) -> None:
        network = world.network()
        [root] = say(network, "Q1 Why?")
        amy = world.teacher("amy")
        reply = amy.reply(amy.reply(root, "A1"), "PLEASE LIST ME")
        fault = world.proxy.lose_answer("POST", "createRecord")
        for _ in range(2):
            network.answer(reply, amy.handle, f"Did you mean LIST ME, @{amy.handle}?", KEYS[0], NOW)
        assert fault.fired == 1
        [record] = [one["value"] for one in world.net.list_records(world.me.did) if "LIST ME" in one["value"]["text"]]
        assert record["reply"]["root"] == {"uri": root.id, "cid": root.cid}
        assert record["reply"]["parent"] == {"uri": reply.id, "cid": reply.cid}
        assert "facets" not in record

    def test_what_is_too_long_is_refused(self, world: BlueskyWorld) -> None:
        network = world.network()
        ref = world.teacher("amy").post("x")
        with pytest.raises(Refused, match="300"):
            network.answer(ref, "amy", "x" * 301, KEYS[0], NOW)

    def test_only_posts_of_ours_can_be_deleted(self, world: BlueskyWorld) -> None:
        network = world.network()
        amy = world.teacher("amy")
        ref = amy.post("A1")
        with pytest.raises(Refused):
            network.delete(ref)
        with pytest.raises(Refused):
            network.delete(PostRef("bluesky", f"at://{world.me.did}/app.bsky.actor.profile/self"))
        assert world.net.get_record(ref.id)


class TestKeys:
    def test_keys_are_the_same_every_time_and_differ_between_posts(self) -> None:
        keys = {like_key(f"at://did:plc:amy/app.bsky.feed.post/{n}") for n in range(1000)}
        assert len(keys) == 1000
        assert like_key("at://x") == like_key("at://x")
        answers = {answer_key(f"{n:032x}", NOW) for n in range(1000)}
        assert len(answers) == 1000
        assert answer_key(KEYS[0], NOW) == answer_key(KEYS[0], NOW + timedelta(microseconds=999))
        assert answer_key(KEYS[0], NOW) != answer_key(KEYS[0], NOW + timedelta(milliseconds=1))
        assert all(len(key) == 13 and key[0] in "234567abcdefghij" for key in keys | answers)


class TestFinding:
    def test_a_web_address_may_name_a_handle_or_did_and_have_a_tail(self, world: BlueskyWorld) -> None:
        network = world.network()
        amy = world.teacher("amy")
        ref = amy.post("A1")
        world.settle()
        rkey = ref.id.rpartition("/")[2]
        for address in (
            f"https://bsky.app/profile/{amy.handle}/post/{rkey}?ref=x#y",
            f" https://bsky.app/profile/{amy.id}/post/{rkey}/ ",
            f"at://{amy.handle}/app.bsky.feed.post/{rkey}",
            ref.id,
        ):
            found = network.resolve(address)
            assert found is not None
            assert found.ref == PostRef("bluesky", ref.id, ref.cid, found.ref.url)
        for address in (
            f"https://bsky.app/profile/nobody.{amy.handle}/post/{rkey}",
            f"https://bsky.app/profile/{amy.handle}/post/3kaaaaaaaaaaa",
            f"https://bsky.app.example.org/profile/{amy.handle}/post/{rkey}",
            "https://social.example.org/@amy/1",
            "",
        ):
            assert network.resolve(address) is None

    def test_an_account_that_left_is_called_nothing(self, world: BlueskyWorld) -> None:
        network = world.network()
        amy = world.teacher("amy")
        world.settle()
        assert network.account_called(amy.id) is not None
        amy.account.delete_account()
        world.settle()
        assert network.account_called(amy.handle) is None
        assert network.account_called("@hanes@social.example.org") is None
        assert network.account_called("") is None


class ChatService:
    """A PDS that passes private messages on to a chat service, through httpx's mock transport."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.lose = 0
        self.refusal: tuple[int, dict[str, str]] | None = None
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        method = request.url.path.rpartition("/")[2]
        self.asked.append(method)
        if method.endswith("Session"):
            tokens = {"did": "did:plc:me", "handle": "me.test", "accessJwt": self.token, "refreshJwt": "r"}
            return httpx.Response(200, json=tokens)
        if method == "com.atproto.identity.resolveHandle":
            known = request.url.params["handle"] == "amy.test"
            return httpx.Response(200, json={"did": "did:plc:amy"}) if known else httpx.Response(400, json=NOBODY)
        assert request.headers["atproto-proxy"] == "did:web:api.bsky.chat#bsky_chat"
        if self.refusal:
            return httpx.Response(self.refusal[0], json=self.refusal[1])
        return self.chat(method, request)

    def chat(self, method: str, request: httpx.Request) -> httpx.Response:
        if method == "chat.bsky.convo.getConvoForMembers":
            assert request.url.params.get_list("members") == ["did:plc:amy"]
            return httpx.Response(200, json={"convo": {"id": "c1", "members": []}})
        if method == "chat.bsky.convo.getMessages":
            return httpx.Response(200, json={"messages": [{"$type": "deleted", "id": "m0"}, *self.messages]})
        assert method == "chat.bsky.convo.sendMessage"
        body = json.loads(request.content)
        assert body["convoId"] == "c1"
        sent = {"id": "m", "sender": {"did": "did:plc:me"}, "sentAt": "2026-03-05T20:00:05.000Z", **body["message"]}
        self.messages.insert(0, sent)
        if self.lose:
            self.lose -= 1
            return httpx.Response(502)
        return httpx.Response(200, json=sent)

    token = "x.eyJzY29wZSI6ICJjb20uYXRwcm90by5hcHBQYXNzUHJpdmlsZWdlZCJ9.y"

    def network(self) -> Bluesky:
        network = Bluesky(
            account="main",
            server="https://pds.test",
            handle="me.test",
            password="p",
            clock=lambda: NOW,
        )
        vars(network)["_xrpc"]._http = httpx.Client(transport=httpx.MockTransport(self))
        return network


class TestPrivateMessages:
    def test_a_message_is_sent_once(self) -> None:
        chat = ChatService()
        network = chat.network()
        chat.lose = 1
        with pytest.raises(Unanswered):
            network.tell("@Amy.test", "An answer is held: …", KEYS[0], NOW)
        network.tell("amy.test", "An answer is held: …", KEYS[0], NOW)
        assert [message["text"] for message in chat.messages] == ["An answer is held: …"]
        network.tell("amy.test", "Another one.", KEYS[1], NOW)
        assert len(chat.messages) == 2

    def test_the_same_words_of_long_ago_or_of_the_other_were_another_message(self) -> None:
        chat = ChatService()
        chat.messages = [
            {"text": "Held.", "sender": {"did": "did:plc:me"}, "sentAt": "2026-03-01T20:00:00.000Z"},
            {"text": "Held.", "sender": {"did": "did:plc:amy"}, "sentAt": "2026-03-05T20:00:00.000Z"},
        ]
        chat.network().tell("amy.test", "Held.", KEYS[0], NOW)
        assert len(chat.messages) == 3

    @pytest.mark.parametrize(
        ("status", "error", "says"),
        [
            (400, {"error": "InvalidRequest", "message": "recipient requires a follow"}, "follow"),
            (403, {"error": "MessagesDisabled", "message": "recipient has disabled incoming messages"}, "follow"),
            (401, {"error": "AuthMissing", "message": "Bad token scope"}, "app password"),
            (400, {"error": "InvalidToken", "message": "Bad token method"}, "app password"),
        ],
    )
    def test_what_the_network_or_the_person_does_not_allow_is_refused_kindly(
        self, status: int, error: dict[str, str], says: str
    ) -> None:
        chat = ChatService()
        chat.refusal = (status, error)
        with pytest.raises(Refused, match=says):
            chat.network().tell("amy.test", "Held.", KEYS[0], NOW)
        assert chat.messages == []

    def test_an_app_password_without_messages_is_not_even_tried(self) -> None:
        chat = ChatService()
        chat.token = "x.eyJzY29wZSI6ICJjb20uYXRwcm90by5hcHBQYXNzIn0.y"
        with pytest.raises(Refused, match="app password"):
            chat.network().tell("amy.test", "Held.", KEYS[0], NOW)
        assert chat.asked == ["com.atproto.server.createSession"]

    def test_nobody_of_that_name(self) -> None:
        with pytest.raises(Refused, match=r"nobody\.test"):
            ChatService().network().tell("nobody.test", "Held.", KEYS[0], NOW)
        with pytest.raises(Refused, match="1000"):
            ChatService().network().tell("amy.test", "x" * 1001, KEYS[0], NOW)

    def test_a_lost_login_is_not_taken_for_a_missing_permission(self) -> None:
        chat = ChatService()
        network = chat.network()
        network.tell("amy.test", "Held.", KEYS[0], NOW)

        def expired(_: httpx.Request) -> httpx.Response:
            return httpx.Response(401, json={"error": "ExpiredToken"})

        vars(network)["_xrpc"]._http = httpx.Client(transport=httpx.MockTransport(expired))
        with pytest.raises(NetworkError) as caught:
            network.tell("amy.test", "Held again.", KEYS[0], NOW)
        assert isinstance(caught.value, Unauthorized)
