"""The shared suite over a strict Mastodon-API server, and what only this API has."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from contract.mastodon_world import MastodonWorld, hosted, local, world
from contract.network_contract import NetworkContract
from contract.network_world import Blobs, Sender, draft, png, say, words

from bot.domain.outbox import Draft, DraftPost, Poll
from bot.domain.posts import PostRef
from bot.domain.records import PollCount
from bot.domain.richtext import Mention
from bot.errors import Busy, Refused, Unanswered, Unauthorized, Unavailable
from bot.networks.mastodon import Mastodon

__all__ = ["world"]  # a fixture


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
