"""What became of deliveries while nobody here remembers: a table, and properties over whole evenings."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.posts import PostRef
from bot.domain.records import Said
from bot.domain.restoring import How, Outcome, WantedPost, WantedThread, likeness, normal, outcomes

START = datetime(2027, 1, 7, 20, tzinfo=UTC)


def minutes(count: float) -> datetime:
    return START + timedelta(minutes=count)


def post(name: str, text: str, at: float, parent: str = "", *, private: bool = False) -> Said:
    return Said(PostRef("mastodon", name, url=f"https://x/{name}"), text, parent, minutes(at), private)


def thread(name: str, at: float, *texts: str, chat: str = "c", order: int = 0, **changes: object) -> WantedThread:
    """A prompt of a first post, and others under it; of use for twenty minutes."""
    posts = tuple(WantedPost((text,), None if index == 0 else 0) for index, text in enumerate(texts))
    base = WantedThread(name, chat, order, minutes(at), minutes(at + 20), posts)
    return msgspec.structs.replace(base, **changes)


def how(wanted: list[WantedThread], said: list[Said], *known: str, passed: dict[str, int] | None = None) -> list[How]:
    return [one.how for one in outcomes(wanted, said, known, passed or {})]


Q1, Q2 = thread("q1", 5, "Q1 Why do we mark?", order=1), thread("q2", 25, "Q2 What instead of it?", order=2)
DIGEST = thread("d", 60, "What 12 teachers said about marking", "Q1 Why", digest=True, order=9, until=minutes(600))
UNWRITTEN = msgspec.structs.replace(DIGEST, written=False)
REMINDER = thread("r", 50, "Still open", under="p1", order=5)

TABLE: dict[str, tuple[list[WantedThread], list[Said], list[How]]] = {
    "word by word": ([Q1], [post("a", "Q1 Why do we mark?", 5)], ["said"]),
    "blanks and servers aside": (
        [thread("w", 0, "Hello @amy@social.example.org  there")],
        [post("a", "Hello @amy there", 1)],
        ["said"],
    ),
    "invisible marks aside": ([thread("w", 0, "See a\u200b.b")], [post("a", "See a.b", 1)], ["said"]),
    "just between two that say the same: the earlier one": (
        [thread("late", 20, "Hello", order=1), thread("soon", 0, "Hello")],
        [post("a", "Hello", 10)],
        ["unsaid", "said"],
    ),
    "a second spelling": (
        [thread("w", 0, "x", posts=(WantedPost(("see example.org/lo…", "see https://example.org/long")),))],
        [post("a", "see https://example.org/long", 0)],
        ["said"],
    ),
    "nothing there": ([Q1, Q2], [], ["unsaid", "unsaid"]),
    "a later one is there": ([Q1, Q2], [post("a", "Q2 What instead of it?", 25)], ["passed", "said"]),
    "a later one of another chat": (
        [Q1, msgspec.structs.replace(Q2, chat="other")],
        [post("a", "Q2 What instead of it?", 25)],
        ["unsaid", "said"],
    ),
    "last week's": ([Q2], [post("a", "Q2 What instead of it?", 25 - 7 * 24 * 60)], ["unsaid"]),
    "too early to be it": ([Q2], [post("a", "Q2 What instead of it?", 25 - 12 * 60 - 1)], ["unsaid"]),
    "clocks that differ by hours": ([Q2], [post("a", "Q2 What instead of it?", 25 - 11 * 60)], ["said"]),
    "too late to be it": ([Q1], [post("a", "Q1 Why do we mark?", 25 + 12 * 60 + 1)], ["unsaid"]),
    "too late to be it, in other words": ([Q1], [post("a", "Q1 Why should we mark?", 36)], ["unsaid"]),
    "the same words for another time zone": (
        [Q1, thread("later", 425, "Q1 Why do we mark?", chat="repeat")],
        [post("a", "Q1 Why do we mark?", 425)],
        ["unsaid", "said"],
    ),
    "a reply of ours is no thread": ([Q1], [post("a", "Q1 Why do we mark?", 5, parent="teacher")], ["unsaid"]),
    "a private word is nothing we said": ([Q1], [post("a", "Q1 Why do we mark?", 5, private=True)], ["unsaid"]),
    "under its question": ([REMINDER], [post("a", "Still open", 50, parent="p1")], ["said"]),
    "not under its question": ([REMINDER], [post("a", "Still open", 50)], ["unsaid"]),
    "half a thread": ([thread("w", 0, "Bye", "and thanks")], [post("a", "Bye", 0)], ["begun"]),
    "a whole thread": (
        [thread("w", 0, "Bye", "and thanks")],
        [post("a", "Bye", 0), post("b", "and thanks", 0, parent="a")],
        ["said"],
    ),
    "the rest in other words": (
        [thread("w", 0, "Bye", "and thanks")],
        [post("a", "Bye", 0), post("b", "*and* thanks", 0, parent="a")],
        ["said"],
    ),
    "a reminder is not the rest of its question": (
        [thread("q", 0, "Q1 long", "and longer"), msgspec.structs.replace(REMINDER, under="a")],
        [post("a", "Q1 long", 0), post("b", "Still open", 50, parent="a")],
        ["begun", "said"],
    ),
    "edited since": ([Q2], [post("a", "Q2 What would you do instead of it?", 27)], ["otherwise"]),
    "half of its words are there still": (
        [thread("w", 0, "one two three")],
        [post("a", "one two four", 9)],
        ["otherwise"],
    ),
    "the likest is it": (
        [thread("v", 5, "one two three four"), thread("w", 7, "one two three five", order=1)],
        [post("a", "one two three five six", 6)],
        ["passed", "otherwise"],
    ),
    "of two that are as like the nearer is it": (
        [thread("v", 5, "one two three"), thread("w", 15, "one two three", order=1)],
        [post("a", "one two three four", 14)],
        ["passed", "otherwise"],
    ),
    "of two that are as like and as near the earlier is it": (
        [thread("w", 5, "one two three"), thread("v", 15, "one two three", order=1)],
        [post("a", "one two three four", 10)],
        ["otherwise", "unsaid"],
    ),
    "one word by word, one edited beyond knowing": (
        [Q1, Q2],
        [post("a", "Q1 Why do we mark?", 5), post("b", "Something else", 26)],
        ["said", "otherwise"],
    ),
    "the first of a chain": (
        [
            thread(
                "w", 0, "Bye", posts=tuple(WantedPost((text,), at) for text, at in (("Bye", None), ("1", 0), ("2", 1)))
            )
        ],
        [post("a", "Bye", 0)],
        ["begun"],
    ),
    "edited beyond knowing, at its minute": ([Q2], [post("a", "Something else", 26)], ["otherwise"]),
    "somebody wrote by hand": ([Q2], [post("a", "The link is broken, sorry", 33)], ["unsaid"]),
    "two edited ones": (
        [Q1, Q2],
        [post("b", "Q2 What do we do instead of it?", 26), post("a", "Q1 Why should we mark?", 24)],
        ["otherwise", "otherwise"],
    ),
    "given up, and there": (
        [msgspec.structs.replace(Q1, waiting=False)],
        [post("a", Q1.posts[0].texts[0], 5)],
        ["said"],
    ),
    "given up, and something like it": (
        [msgspec.structs.replace(Q1, waiting=False)],
        [post("a", "Q1 Why should we mark?", 5)],
        ["unsaid"],
    ),
    "given up before a later one": (
        [msgspec.structs.replace(Q1, waiting=False), Q2],
        [post("a", Q2.posts[0].texts[0], 25)],
        ["unsaid", "said"],
    ),
    "a digest word by word": (
        [DIGEST],
        [post("a", "What 12 teachers said about marking", 60), post("b", "Q1 Why", 60, parent="a")],
        ["said"],
    ),
    "a digest with an answer that is not known": (
        [DIGEST],
        [
            post("a", "What 12 teachers said about marking", 60),
            post("b", "Q1 Why", 60, parent="a"),
            post("c", "“Because.” (somebody)", 60, parent="b"),
        ],
        ["perhaps"],
    ),
    "half a digest": ([DIGEST], [post("a", "What 12 teachers said about marking", 60)], ["begun"]),
    "a digest with other numbers": ([DIGEST], [post("a", "What 15 teachers said about marking", 61)], ["perhaps"]),
    "a thread that nothing explains, after the chat": ([DIGEST], [post("a", "Voilà", 200)], ["perhaps"]),
    "a digest not written here, word by word": (
        [UNWRITTEN],
        [post("a", "What 12 teachers said about marking", 60), post("b", "Q1 Why", 60, parent="a")],
        ["perhaps"],
    ),
    "a wrap-up explains itself before the digest": (
        [thread("w", 59, "Thanks all", order=8), DIGEST],
        [post("a", "Thanks all", 60)],
        ["said", "unsaid"],
    ),
    "an edited wrap-up does, too": (
        [thread("w", 59, "Thanks all of you", order=8), DIGEST],
        [post("a", "Thanks to all of you", 60)],
        ["otherwise", "unsaid"],
    ),
    "a digest is not passed by another chat's": ([DIGEST, Q1], [], ["unsaid", "unsaid"]),
}


@pytest.mark.parametrize(("wanted", "said", "expected"), TABLE.values(), ids=TABLE)
def test_table(wanted: list[WantedThread], said: list[Said], expected: list[How]) -> None:
    assert how(wanted, said) == expected


def test_what_the_store_knows_explains_nothing_else() -> None:
    assert how([Q1], [post("a", "Q1 Why do we mark?", 5)], "a") == ["unsaid"]


def test_a_known_root_is_continued() -> None:
    known = (WantedPost(("Bye",), None, PostRef("mastodon", "a")), WantedPost(("and thanks",), 0))
    one = thread("w", 0, "Bye", posts=known, waiting=False)
    there, more = post("a", "Bye", 0), post("b", "and thanks", 0, parent="a")
    assert how([one], [there], "a") == ["unsaid"]
    assert outcomes([one], [there, more], ["a"], {}) == (Outcome("w", "said", {1: more}),)


BYE = WantedPost(("Bye",), None, PostRef("mastodon", "a"))


@pytest.mark.parametrize(
    ("rest", "said", "found"),
    [
        # (text, parent[, known id]) of what comes under the first; (id, text, parent) of what is there → index: id
        ([("one", 0), ("two", 0)], [("b", "two", "a"), ("c", "one", "a")], {1: "c", 2: "b"}),
        ([("one", 0), ("two", 1)], [("b", "one", "a"), ("x", "by hand", "b"), ("c", "two", "b")], {1: "b", 2: "c"}),
        ([("one", 0, "b"), ("two", 0)], [("d", "one", "a"), ("c", "two", "a")], {2: "c"}),
        ([("one", 0, "b"), ("two", 1)], [("x", "two", "a"), ("c", "2", "b")], {2: "c"}),
        ([("one", 0, "b"), ("two", 0)], [("d", "by hand", "a")], {2: "d"}),
        (
            [("one", 0), ("two", 1), ("3", 2)],
            [("b", "1", "a"), ("c", "2", "b"), ("d", "3!", "c")],
            {1: "b", 2: "c", 3: "d"},
        ),
    ],
)
def test_the_rest_of_a_known_thread_is_told_by_its_words_first_and_by_its_place_then(
    rest: list[tuple[str, int]] | list[tuple[str, int, str]], said: list[tuple[str, str, str]], found: dict[int, str]
) -> None:
    under = (WantedPost((text,), parent, *(PostRef("mastodon", one) for one in known)) for text, parent, *known in rest)
    one = thread("w", 0, "Bye", posts=(BYE, *under))
    there = [post(name, text, at, parent) for at, (name, text, parent) in enumerate(said)]
    [outcome] = outcomes([one], there, ["a", "b"] if any(len(each) == 3 for each in rest) else ["a"], {})
    assert {at: each.ref.id for at, each in outcome.posts.items()} == found
    assert outcome.how == "said"


def test_what_is_known_to_be_later_passes_by() -> None:
    assert how([Q1], [], passed={"c": 2}) == ["passed"]
    assert how([Q1], [], passed={"c": 0, "other": 9}) == ["unsaid"]
    early = thread("w", 0, "Welcome")
    assert how([early, Q2], [post("a", "Welcome", 0)], passed={"c": 5}) == ["said", "passed"]


def test_the_whole_thread_is_given_where_its_words_were_others() -> None:
    root, below = post("a", "Q2 What would you do instead of it?", 27), post("b", "more", 28, parent="a")
    deeper, other = post("c", "and more", 29, parent="b"), post("d", "Q2 What would you and I do instead of it?", 30)
    assert outcomes([Q2], [below, root, deeper, other], (), {}) == (
        Outcome("q2", "otherwise", {0: root, 1: below, 2: deeper}),
    )


def test_of_several_that_nothing_explains_the_nearest_is_it() -> None:
    near, far = post("b", "Something else", 25.5), post("a", "Something", 24)
    assert outcomes([Q2], [near, far], (), {}) == (Outcome("q2", "otherwise", {0: near}),)


def test_where_a_digest_may_be_is_told() -> None:
    root, first = post("a", "What 12 teachers said about marking", 60), post("b", "Q1 Why", 60, parent="a")
    more = post("c", "“Because.” (somebody)", 60, parent="b")
    assert outcomes([DIGEST], [root, first, more], (), {}) == (Outcome("d", "perhaps", {0: root}),)
    known = (WantedPost(DIGEST.posts[0].texts, None, root.ref), DIGEST.posts[1])
    begun = msgspec.structs.replace(DIGEST, posts=known)
    other = post("x", "“Because.” (somebody)", 60, parent="a")
    assert outcomes([begun], [root, other], ["a"], {}) == (Outcome("d", "perhaps", {0: other}),)


def test_what_is_known_to_be_out_is_nothing_else_that_looks_like_it() -> None:
    known = (WantedPost(("Bye for now",), None, PostRef("mastodon", "a")), WantedPost(("and thanks",), 0))
    assert how([thread("w", 0, "", posts=known)], [post("x", "Bye for now!", 1)], "a") == ["unsaid"]


@pytest.mark.parametrize(
    ("one", "other", "alike"), [("a b", "A, b!", 1.0), ("a b c", "a b d", 0.5), ("a", "b", 0.0), ("", "", 0.0)]
)
def test_likeness(one: str, other: str, alike: float) -> None:
    assert likeness(one, other) == alike


# -- properties: an evening is planned, some of it leaves, and nobody remembers ---------------------------------------
TEXTS = st.lists(
    st.lists(st.sampled_from(["mark", "plan", "teach", "read", "rest", "ask", "tea"]), min_size=1, max_size=4).map(
        " ".join
    ),
    min_size=1,
    max_size=3,
)
LATE = st.floats(0, 15)


@st.composite
def evenings(draw: st.DrawFn) -> tuple[list[WantedThread], list[Said], dict[str, str]]:
    """Prompts in order, what of them is out, and which post each of these is; the last thread may be half."""
    wanted, said, truth = [], [], {}
    plan = draw(st.lists(TEXTS, min_size=1, max_size=6))
    out = draw(st.integers(0, len(plan)))
    for number, texts in enumerate(plan):
        one = thread(f"p{number}", 20 * number, *(f"{number}: {text}" for text in texts), order=number)
        wanted.append(one)
        if number >= out:
            continue
        late = draw(LATE)
        most = len(texts) if number < out - 1 else draw(st.integers(1, len(texts)))
        for index in range(most):
            parent = f"p{number}/0" if index else ""
            said.append(post(f"p{number}/{index}", f"{number}: {texts[index]}", 20 * number + late, parent))
        truth[one.delivery] = "said" if most == len(texts) else "begun"
    return wanted, draw(st.permutations(said)), truth


@given(evenings())
def test_every_prompt_is_told_apart(case: tuple[list[WantedThread], list[Said], dict[str, str]]) -> None:
    wanted, said, truth = case
    found = outcomes(wanted, said, (), {})
    assert {one.delivery: one.how for one in found if one.posts} == truth
    assert all(each.ref.id.startswith(f"{one.delivery}/") for one in found for each in one.posts.values())
    assert {one.how for one in found if not one.posts} <= {"unsaid"}


@given(evenings(), st.data())
def test_no_post_explains_two_and_the_order_of_arguments_does_not_matter(
    case: tuple[list[WantedThread], list[Said], dict[str, str]], data: st.DataObject
) -> None:
    wanted, said, _ = case
    changed = [
        msgspec.structs.replace(one, text=data.draw(st.sampled_from([one.text, "tea", f"{one.text} again"])))
        for one in said
    ]
    found = outcomes(wanted, changed, (), {})
    explained = [each.ref.id for one in found for each in one.posts.values()]
    assert len(explained) == len(set(explained))
    again = outcomes(wanted[::-1], changed[::-1], (), {})
    assert {one.delivery: one for one in again} == {one.delivery: one for one in found}


@given(st.text(max_size=80))
def test_normal_is_stable(text: str) -> None:
    assert normal(normal(text)) == normal(text)
