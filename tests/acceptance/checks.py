"""What a chat must have left behind: on the two servers, on the pages, and nowhere else."""

from collections.abc import Sequence

from acceptance import pages, servers
from acceptance.servers import NETWORKS, Said, Thread
from acceptance.teachers import NAMES, Spoken, Talk
from acceptance.world import ALT, LANGUAGES, PICTURE, POLL, SITE, Bots, Evening


# -- what the bot said ----------------------------------------------------------------------------------------------
def prompts_are_as_planned(chat: Evening, bots: Bots, network: str) -> None:
    *prompts, digest = servers.threads(bots, network)
    assert [thread.text for thread in prompts] == [line.text for line in chat.lines if line.network == network]
    assert any(len(thread.posts) > 1 for thread in prompts) == (network == "bluesky")  # 300 characters
    for thread in (*prompts, digest):
        hangs_together(thread, network)
    arrived = servers.arrived(bots, network)
    assert sorted(arrived) == sorted(one.id for thread in (*prompts, digest) for one in thread.posts)
    roots = [thread.root.id for thread in (*prompts, digest)]
    assert [one for one in arrived if one in roots] == roots, "the order in which they reached the server"


def hangs_together(thread: Thread, network: str) -> None:
    """The root is public, what hangs under it unlisted where the network has that; all say their language."""
    ids = {one.id for one in thread.posts}
    assert (thread.root.parent, thread.root.visibility) == ("", "public")
    for one in thread.posts[1:]:
        assert one.root == thread.root.id
        assert one.parent in ids
        assert one.visibility == ("unlisted" if network == "mastodon" else "public")
    spoken = tuple(LANGUAGES) if network == "bluesky" else ("en",)
    assert {one.languages for one in thread.posts} == {spoken}


def only_the_host_is_addressed(bots: Bots) -> None:
    """On the host's own network, in the announcement and the welcome; elsewhere the handle is plain words."""
    named = {
        network: [{name for one in thread.posts for name in one.mentions} for thread in servers.threads(bots, network)]
        for network in NETWORKS
    }
    host, nobody = {bots.host.did}, set[str]()
    assert named["bluesky"][:2] == [host, host]
    assert all(names == nobody for names in (*named["bluesky"][2:], *named["mastodon"]))
    told = bots.host.call("app.bsky.notification.listNotifications", params={"limit": 100})["notifications"]
    assert [(one["reason"], one["author"]["did"]) for one in told] == [("mention", bots.bluesky.did)] * 2


def polls_and_pictures(bots: Bots) -> None:
    on_bluesky, on_mastodon = (servers.question(bots, network, 2) for network in NETWORKS)
    assert list(on_mastodon.options) == POLL
    assert on_bluesky.options == ()
    assert "A Ticks · B Levels · C Comments · D None of them" in on_bluesky.text
    for network in NETWORKS:
        assert servers.question(bots, network, 3).alts == (ALT,)
    assert servers.picture_on_bluesky(bots, servers.question(bots, "bluesky", 3))[:8] == PICTURE[:8]


# -- the digest -----------------------------------------------------------------------------------------------------
def digests_repeat_what_stands(chat: Evening, bots: Bots, talks: Sequence[Talk]) -> None:
    """One thread on each network: a root, a post for each question, and under it up to two answers as leaves."""
    *_, digest = servers.threads(bots, "bluesky")
    assert servers.card_on_bluesky(bots, digest.root) == (
        f"{SITE}/{chat.chat}/",
        chat.page.with_name("card.png").read_bytes(),
    )
    repeated: list[set[str]] = []
    for network in NETWORKS:
        *_, digest = servers.threads(bots, network)
        in_time = [one for talk in talks for one in talk.shown() if one is not talk.said[-1]]  # the last came after it
        people = {(one.network, one.who) for one in in_time}
        assert f"{len(people)} people gave {len(in_time)} answers." in digest.text
        assert f"{SITE}/{chat.chat}/" in digest.text
        asked = [one for one in digest.posts if one.text.startswith(("Q1 ", "Q2 ", "Q3 ", "Q4 "))]
        assert [one.text[:2] for one in asked] == ["Q1", "Q2", "Q3", "Q4"]
        for number, post in enumerate(asked, start=1):
            leaves = [one for one in digest.posts if one.parent == post.id]
            quoted = [repeats(leaf, talks) for leaf in leaves]
            assert len({(one.network, one.who) for one in quoted}) == len(quoted) == 2
            assert all(number in one.answers for one in quoted)
            assert {one.network for one in quoted} == set(NETWORKS), "both networks are heard"
        assert {one.text: one.mentions for one in digest.posts if one.mentions} == {}
        repeated.append({repeats(one, talks).mark for one in digest.posts if one.parent in {q.id for q in asked}})
    assert repeated[0] == repeated[1]
    long_threads = {talk.said[2].mark for talk in talks}
    assert repeated[0] & long_threads, "an answer that names a colleague was to be among them"


def repeats(leaf: Said, talks: Sequence[Talk]) -> Spoken:
    """Whose answer a leaf repeats: one that stands, with its author's name and its address."""
    [found] = [one for talk in talks for one in talk.shown() if one.mark in leaf.text]
    assert f"{NAMES[found.network]} {found.who}" in leaf.text
    assert "http" in leaf.text
    return found


def nobody_was_pinged(talks: Sequence[Talk]) -> None:
    for talk in talks:
        told = {who: talk.crowd.told_by_bot(who) for who in range(talk.crowd.many)}
        assert {who: reasons for who, reasons in told.items() if reasons} == {}


# -- the archive ----------------------------------------------------------------------------------------------------
def every_answer_has_its_place(chat: Evening, talks: Sequence[Talk]) -> None:
    """On the page and in its data: each standing answer once, under its question, inside what it replies to."""
    expected = [one for talk in talks for one in talk.shown()]
    page, data = pages.on_page(chat.page), pages.in_data(chat.page)
    assert len(page) == len(data) == len(expected)
    marks = [one.mark for one in expected]
    on_page, in_data = pages.by_mark(page, marks), pages.by_mark(data, marks)
    for one in expected:
        shown, told = on_page[one.mark], in_data[one.mark]
        home = one.answers[0] if one.answers else 0
        assert (shown.section, told.section, told.questions) == (home, home, one.answers), one
        assert (shown.network, told.network) == (one.network, one.network)
        assert (shown.id, shown.url) == (f"a-{told.id}", told.url)
        assert told.text.endswith(one.text), one
        outer = encloses(one)
        assert told.inside == (in_data[outer.mark].id if outer else ""), one
        parent = one.above
        if parent is None:
            assert shown.inside == ""
        elif parent.fate != "shown":
            assert shown.inside not in {"", *(other.id for other in page)}, "the place of what is gone"
        elif len(one.path()) - 1 > pages.DEEPEST:
            assert shown.reply_to == on_page[parent.mark].id
        else:
            assert shown.inside == on_page[parent.mark].id


def encloses(one: Spoken) -> Spoken | None:
    """The answer inside which a reply stands: the nearest one above it that is shown, and on a higher level."""
    path = one.path()
    level = min(len(path) - 1, pages.DEEPEST)
    return next((above for above in path[:level][::-1] if above.fate == "shown"), None)


def what_was_taken_back_is_off_the_page(chat: Evening, talks: Sequence[Talk]) -> None:
    page = chat.page.read_text(encoding="utf-8")
    assert [word for talk in talks for word in talk.absent_words() if word in page] == []


def networks_stand_together(chat: Evening, talks: Sequence[Talk]) -> None:
    page = pages.on_page(chat.page)
    for number in (1, 2, 3, 4):
        assert {one.network for one in page if one.section == number} == set(NETWORKS)
    [warned] = [one for one in page if one.warning]
    assert "Inspection" in warned.warning
    assert "The inspector cried." in warned.text
    assert max(len(one.path()) for talk in talks for one in talk.shown()) >= 7


def what_must_not_be_kept_is_nowhere(chat: Evening, talks: Sequence[Talk]) -> None:
    site = b"\0".join(content for content, _ in pages.files(chat.site).values())
    database = b"\0".join(path.read_bytes() for path in chat.folder.glob("staffroom.db*"))
    for talk in talks:
        for one in talk.said:
            mark = one.mark.encode()
            found = (one.mark, mark in site, mark in database)
            assert found == (one.mark, one.fate == "shown", one.fate != "absent")
        unwilling = talk.crowd.handle(talk.crowd.no_archive)
        for word in (*talk.gone_words, unwilling):
            assert (word, word.encode() in site, word.encode() in database) == (word, False, False)


# -- and nothing more -----------------------------------------------------------------------------------------------
def another_tick_changes_nothing(chat: Evening, bots: Bots) -> None:
    before = servers.everything_held(bots), pages.files(chat.site)
    ticked = chat.tick_fully()
    assert (ticked.sent, ticked.posts, ticked.digests, ticked.pages, ticked.troubles) == ((), 0, (), 0, ())
    assert (servers.everything_held(bots), pages.files(chat.site)) == before
