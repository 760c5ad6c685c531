"""What is read from a Mastodon-API server: visibility, threads, what is gone, and who wrote it."""

from datetime import UTC, datetime, timedelta

import pytest
from contract.mastodon_world import MastodonWorld, local, world
from contract.network_world import ids, png, say

from bot.domain.posts import Post, PostRef
from bot.errors import Unanswered, Unauthorized
from bot.ports import Wanted

__all__ = ["world"]  # a fixture


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
