"""Placing: which of a chat's questions each kept post answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.answers import AskedQuestion, attribute
from bot.domain.answers import Candidate as Found
from bot.domain.records import Placed
from bot.domain.richtext import hashtags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.records import SentPost, StoredChat
    from bot.ports import Store


def place_answers(store: Store, stored: StoredChat, sent: Sequence[SentPost]) -> int:
    """Say of every stored post of a chat which questions it answers; gives how many posts changed place."""
    chat = stored.chat
    questions = asked_questions(stored, sent)
    kept = store.candidates(chat.id)
    found = [
        Found(
            key=one.key,
            parent=one.parent,
            root=one.root,
            quote=one.quote,
            text=one.post.text.text,
            hashtags=hashtags(one.post.text),
            at=one.post.at,
        )
        for one in kept
    ]
    placed = attribute(
        found,
        questions,
        stored.series.hashtag,
        store.edges(chat.id),
        languages=stored.series.languages,
        ours={post.key: chat.id for post in sent if post.kind != "question"},
    )
    return store.place(
        chat.id,
        {key: tuple(Placed(question=one.question, how=one.how) for one in places) for key, places in placed.items()},
    )


def asked_questions(stored: StoredChat, sent: Sequence[SentPost]) -> tuple[AskedQuestion, ...]:
    """The chat's questions that were asked, each with the keys of its posts on all accounts."""
    keys: dict[str, list[SentPost]] = {}
    for post in sent:
        if post.kind == "question":
            keys.setdefault(post.prompt, []).append(post)
    return tuple(
        AskedQuestion(
            id=prompt,
            number=posts[0].number,
            chat=stored.chat.id,
            keys=tuple(post.key for post in posts),
            opened_at=min(post.at for post in posts),
            closes_at=stored.chat.ends_at + stored.series.late,
        )
        for prompt, posts in keys.items()
    )
