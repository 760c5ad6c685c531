"""What every network adapter must do, as one suite: Bluesky, Mastodon and the sandbox run the same tests.

A test module for one network gives a fixture `world` (see `network_world.World`) and an empty subclass:

    from contract.network_contract import NetworkContract

    class TestBluesky(NetworkContract):
        pass

The tests ask the server itself what it holds (`World.server_posts`), never only the adapter they test.
"""

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from contract.network_world import NO_BLOBS, Blobs, Sender, World, carded, draft, ids, png, say, words

from bot.domain.outbox import Draft, DraftPost
from bot.domain.restoring import normal
from bot.domain.richtext import Link, Tag
from bot.errors import NetworkError, Refused, Unanswered, Unavailable
from bot.ports import Wanted
from bot.rendering.pictures import copy_picture

if TYPE_CHECKING:
    from collections.abc import Callable


class NetworkContract:
    """The suite. Every test gets a world of its own."""

    # -- who we are ---------------------------------------------------------------------------------------------
    def test_identity_tells_the_bot_flag(self, world: World) -> None:
        network = world.network()
        mine = network.identity()
        assert mine.bot
        assert mine.id
        assert mine.handle
        assert mine.url.startswith("http")
        assert mine.ahead is not None
        assert abs(mine.ahead) < 60
        assert not world.network(bot=False).identity().bot

    # -- saying -------------------------------------------------------------------------------------------------
    def test_one_post_lands_once(self, world: World) -> None:
        [ref] = say(world.network(), "Q1 What did you try this week?")
        [held] = world.server_posts()
        assert (held.id, held.text, held.parent) == (ref.id, "Q1 What did you try this week?", "")
        assert ref.network == world.network().name

    def test_a_thread_lands_in_order_under_the_right_parents(self, world: World) -> None:
        refs = say(world.network(), "Welcome!", "Today we talk about marking.", "Hosts are here.")
        held = world.server_posts()
        assert [post.id for post in held] == [ref.id for ref in refs]
        assert [post.parent for post in held] == ["", refs[0].id, refs[1].id]

    def test_a_tree_of_posts_keeps_its_shape(self, world: World) -> None:
        posts = tuple(DraftPost(words(f"Post {n}"), reply_to=to) for n, to in enumerate([None, 0, 0, 1]))
        network = world.network()
        refs = Sender(network, Draft(posts, ("en",), datetime.now(UTC))).send_all()
        parents = {post.id: post.parent for post in world.server_posts()}
        assert [parents[ref.id] for ref in refs] == ["", refs[0].id, refs[0].id, refs[1].id]

    def test_a_later_delivery_hangs_under_an_earlier_post(self, world: World) -> None:
        network = world.network()
        root, middle = say(network, "Q1 Why?", "Join in by replying.")
        hung = draft("Five minutes left.", reply_to=middle)
        [late] = Sender(network, msgspec.structs.replace(hung, reply_root=root), seed=2).send_all()
        assert {post.id: post.parent for post in world.server_posts()}[late.id] == middle.id

    def test_links_tags_and_mentions_after_emoji_point_at_the_right_bytes(self, world: World) -> None:
        amy = world.teacher("amy")
        text = f"👩🏽‍🏫 Ça va? 你好 #EdChat https://example.org/é?q=1 thanks @{amy.handle} 🎉"
        say(world.network(), words(text, **{amy.handle: amy.id}))
        [held] = world.server_posts()
        assert held.text == text
        assert "edchat" in held.tags
        assert any(link.startswith("https://example.org/") for link in held.links)
        assert amy.id in held.mentions

    def test_a_link_card_costs_a_post_no_words_and_goes_out_once(self, world: World) -> None:
        blobs = Blobs()
        sender = Sender(world.network(), carded(blobs.keep(png(12, 6), "Feedback")), blobs)
        while sender.group()[0].kind == "media":
            sender.send()
        world.lose_next_answer()
        with pytest.raises(Unanswered):
            sender.send()
        sender.find()
        sender.send_all()
        assert sorted(one.text for one in world.server_posts()) == ["Q1", "The digest"]

    def test_a_picture_goes_out_with_its_alt_text(self, world: World) -> None:
        blobs = Blobs()
        media = (blobs.keep(png(), "A pupil's poster 🖍"), blobs.keep(png(shade=200), "The wall beside it"))
        posts = (DraftPost(words("Q1 What do you see?"), media=media), DraftPost(words("Reply below."), reply_to=0))
        Sender(world.network(), Draft(posts, ("en",), datetime.now(UTC)), blobs).send_all()
        held = world.server_posts()
        assert [post.alts for post in held] == [("A pupil's poster 🖍", "The wall beside it"), ()]

    def test_pictures_of_others_are_fetched_by_their_keys_when_asked_for(self, world: World) -> None:
        network, amy = world.gallery(), world.teacher("amy")
        ref, other = amy.show("A1 look", png(), "Our wall"), amy.show("A1 and look", png(shade=9), "")
        world.settle()
        posts = {post.ref.id: post for post in network.look_up([ref, other]).posts}
        ((wall,), (bare,)) = posts[ref.id].media, posts[other.id].media
        assert [(one.kind, one.alt) for one in (wall, bare)] == [("image", "Our wall"), ("image", "")]
        assert wall.key
        assert bare.key not in ("", wall.key)
        files = network.pictures(ref, [wall.key, bare.key, "none"])
        assert files is not None
        assert set(files) == {wall.key}  # the other one is on another post
        copy = copy_picture(files[wall.key])
        assert copy is not None
        assert copy.width * 6 == copy.height * 8
        amy.delete(ref)
        world.settle()
        assert network.pictures(ref, [wall.key]) == {}

    def test_languages_are_stated(self, world: World) -> None:
        Sender(world.network(), draft("Bore da, good morning", languages=("cy", "en"))).send_all()
        [held] = world.server_posts()
        assert held.languages == ("cy", "en")[: world.languages]

    def test_visibility_is_stated(self, world: World) -> None:
        posts = (
            DraftPost(words("Q1 Why?"), visibility="public"),
            DraftPost(words("More below."), reply_to=0, visibility="unlisted"),
        )
        Sender(world.network(), Draft(posts, ("en",), datetime.now(UTC))).send_all()
        wanted = ["public", "unlisted" if world.has_unlisted else "public"]
        assert [post.visibility for post in world.server_posts()] == wanted

    def test_what_is_too_long_is_refused_and_nothing_lands(self, world: World) -> None:
        with pytest.raises(Refused):
            say(world.network(), "long " * 20_000)
        assert list(world.server_posts()) == []

    # -- saying once --------------------------------------------------------------------------------------------
    def test_freezing_says_nothing_and_finding_nothing_is_certain(self, world: World) -> None:
        sender = Sender(world.network(), draft("One", "Two"))
        assert sender.find() == ()
        assert list(world.server_posts()) == []

    def test_sending_again_makes_nothing_new(self, world: World) -> None:
        sender = Sender(world.network(), draft("Only once, please"))
        group, parts = sender.group(), sender.parts
        first = sender.send()
        again = world.network()  # as after a crash: nothing is remembered but the frozen parts
        try:
            assert again.send(group, parts, NO_BLOBS) == first
        except Unanswered:
            assert again.find(group, parts) == first
        assert len(world.server_posts()) == 1

    def test_a_lost_answer_is_found_again(self, world: World) -> None:
        sender = Sender(world.network(), draft("One", "Two", "Three"))
        fault = world.lose_next_answer()
        with pytest.raises(Unanswered):
            sender.send()
        assert fault.fired == 1
        sender.network = world.network()
        assert sender.find()
        refs = sender.send_all()
        assert [post.id for post in world.server_posts()] == [ref.id for ref in refs]
        assert len(refs) == 3

    def test_unplugged_means_certainly_not_done(self, world: World) -> None:
        network = world.network()
        network.identity()
        sender = Sender(network, draft("Still to come"))
        world.unplug()
        with pytest.raises(Unavailable):
            sender.send()
        with pytest.raises(Unavailable):
            sender.find()
        assert list(world.server_posts()) == []
        world.plug()
        assert sender.find() == ()
        assert len(sender.send_all()) == 1
        assert len(world.server_posts()) == 1

    def test_reads_raise_a_network_error_while_unplugged(self, world: World) -> None:
        network = world.network()
        [ref] = say(network, "Q1 Why?")
        world.unplug()
        now = datetime.now(UTC)
        reads: list[Callable[[], object]] = [
            network.identity,
            lambda: list(network.sweep(ref)),
            lambda: list(network.tagged("edchat", now)),
            lambda: network.look_up([ref]),
            lambda: network.listen("", Wanted()),
            lambda: network.said_since(now),
        ]
        for read in reads:
            with pytest.raises(NetworkError):
                read()

    # -- what we said -------------------------------------------------------------------------------------------
    def test_our_own_posts_are_read_back_with_their_words_and_parents(self, world: World) -> None:
        network = world.network()
        long = words("Q1 Why? https://example.org/a/rather/long/address/of/a/page?with=more&and=more #EdChat “yes” 💡")
        refs = say(network, long, "Second\n\nand last.")
        [third] = say(network, "Later.", seed=2)
        said = network.said_since(datetime.now(UTC) - timedelta(minutes=5))
        assert [(one.ref.id, one.parent) for one in said] == [
            (refs[0].id, ""),
            (refs[1].id, refs[0].id),
            (third.id, ""),
        ]
        assert [normal(one.text) for one in said] == [normal(long.text), "Second and last.", "Later."]
        assert not any(one.private for one in said)
        assert all(abs(one.at - datetime.now(UTC)) < timedelta(minutes=2) for one in said)
        assert all(one.ref.url.startswith("http") for one in said)

    def test_only_what_was_said_since_is_read_back(self, world: World) -> None:
        network = world.network()
        say(network, "Q1 Why?")
        assert network.said_since(datetime.now(UTC) + timedelta(minutes=5)) == ()

    def test_all_of_many_posts_are_read_back(self, world: World) -> None:
        network = world.network()
        many = 105 if network.atomic else 45  # more than a page
        refs = say(network, *(f"Post {number}" for number in range(many)))
        said = network.said_since(datetime.now(UTC) - timedelta(minutes=5))
        assert [one.ref.id for one in said] == [ref.id for ref in refs]

    def test_words_for_one_person_are_known_as_such(self, world: World) -> None:
        network, teacher = world.network(), world.teacher("amy")
        [question] = say(network, "Q1 Why?")
        asked = teacher.reply(question, "What is this?")
        world.settle()
        now = datetime.now(UTC)
        network.answer(asked, teacher.handle, "Which do you mean?", "0" * 32, now)
        *_, answer = network.said_since(now - timedelta(minutes=5))
        assert answer.parent == asked.id
        assert normal(answer.text).endswith("Which do you mean?")
        assert answer.private == (network.name == "mastodon")

    # -- reading ------------------------------------------------------------------------------------------------
    def test_a_sweep_finds_replies_however_deep_and_each_once(self, world: World) -> None:
        network = world.network()
        root, second = say(network, "Q1 Why?", "Reply here.")
        amy, ben = world.teacher("amy"), world.teacher("ben")
        wide = [teacher.reply(root, f"A1 wide {n}") for n in range(6) for teacher in (amy, ben)]
        deep = [root]
        for n in range(14):
            deep.append((amy, ben)[n % 2].reply(deep[-1], f"A1 deep {n}"))
        aside = [amy.reply(deep[11], "A1 aside"), ben.reply(second, "under the second")]
        world.settle()
        found = ids(network.sweep(root))
        assert found == sorted(ref.id for ref in [second, *wide, *deep[1:], *aside])

    def test_a_swept_post_tells_all_we_need(self, world: World) -> None:
        network = world.network()
        [root] = say(network, "Q1 Why?")
        amy = world.teacher("amy", bio="Teaches year 5. #NoArchive")
        first = amy.reply(root, "A1 Because 🧮 of #maths and https://example.org/a")
        second = amy.reply(first, "A1 and more")
        before = datetime.now(UTC) - timedelta(minutes=5)
        world.settle()
        posts = {post.ref.id: post for batch in network.sweep(root) for post in batch}
        post = posts[first.id]
        assert (post.parent, post.root) == (root.id, root.id)
        assert posts[second.id].parent == first.id
        assert post.author.id == amy.id
        assert post.author.handle.lstrip("@") == amy.handle
        assert "noarchive" in post.author.signals.bio_tags
        assert "A1 Because 🧮 of #maths and https://example.org/a" in post.text.text
        marked = {
            type(facet.feature): post.text.text.encode()[facet.start : facet.end].decode() for facet in post.text.facets
        }
        assert marked[Tag] == "#maths"
        assert marked[Link].endswith("example.org/a")
        assert before < post.at < datetime.now(UTC) + timedelta(minutes=5)
        assert post.visibility == "public"
        assert post.ref.url.startswith("http")
        assert post.uri
        assert not post.hidden

    def test_quotes_are_found_where_the_network_has_them(self, world: World) -> None:
        network = world.network()
        [root] = say(network, "Q1 Why?")
        if not world.has_quotes:
            assert ids(network.quotes(root)) == []
            return
        amy = world.teacher("amy")
        quote = amy.quote(root, "A1 like this")
        amy.post("no quote")
        world.settle()
        [post] = [post for batch in network.quotes(root) for post in batch]
        assert (post.ref.id, post.quote, post.parent) == (quote.id, root.id, "")

    def test_posts_under_the_hashtag_are_found(self, world: World) -> None:
        network = world.network()
        amy = world.teacher("amy")
        tag = f"Ed{random.SystemRandom().randrange(10**9)}"
        tagged = [amy.post(f"A1 with the tag #{tag}"), amy.post(f"#{tag.lower()} A2 in lower case")]
        amy.post("A1 without it")
        amy.post(f"A1 with a longer one #{tag}more")
        world.settle()
        now = datetime.now(UTC)
        assert ids(network.tagged(tag, now - timedelta(hours=1))) == sorted(ref.id for ref in tagged)
        assert ids(network.tagged(tag, now + timedelta(hours=1))) == []

    def test_looking_up_tells_what_is_gone(self, world: World) -> None:
        network = world.network()
        [root] = say(network, "Q1 Why?")
        amy = world.teacher("amy")
        stays, leaf = amy.reply(root, "A1 stays"), amy.reply(root, "A1 goes")
        middle = amy.reply(root, "A1 middle goes")
        below = amy.reply(middle, "A1 below stays")
        world.settle()
        whole = network.look_up([stays, leaf, middle, below])
        assert len(whole.posts) == 4
        assert whole.gone == ()
        amy.delete(leaf)
        amy.delete(middle)
        world.settle()
        left = network.look_up([stays, leaf, middle, below])
        assert {post.ref.id for post in left.posts} == {stays.id, below.id}
        assert {ref.id for ref in left.gone} == {leaf.id, middle.id}
        assert network.look_up([]).posts == ()

    def test_looking_up_many_at_once(self, world: World) -> None:
        network = world.network()
        amy = world.teacher("amy")
        refs = [amy.post(f"A1 number {n}") for n in range(30)]
        world.settle()
        assert {post.ref.id for post in network.look_up(refs).posts} == {ref.id for ref in refs}

    def test_an_edit_is_seen_where_the_network_has_them(self, world: World) -> None:
        network = world.network()
        [root] = say(network, "Q1 Why?")
        amy = world.teacher("amy")
        reply = amy.reply(root, "A1 befour")
        if world.has_edits:
            amy.edit(reply, "A1 before")
        world.settle()
        [post] = network.look_up([reply]).posts
        assert ("A1 before" in post.text.text) == world.has_edits
        assert (post.edited_at is not None) == world.has_edits

    def test_listening_hears_a_reply_once(self, world: World) -> None:
        network = world.network()
        [root] = say(network, "Q1 Why?")
        amy = world.teacher("amy")
        old = amy.reply(root, "A1 early")
        world.settle()
        first = network.listen("", Wanted())
        assert ids([first.posts]) == [old.id]
        new = amy.reply(root, "A1 later")
        world.settle()
        second = network.listen(first.cursor, Wanted())
        assert ids([second.posts]) == [new.id]
        third = network.listen(second.cursor, Wanted())
        assert third.posts == ()
        assert network.listen(third.cursor, Wanted()).posts == ()

    def test_closing_twice_is_harmless(self, world: World) -> None:
        network = world.network()
        network.identity()
        network.close()
        network.close()
