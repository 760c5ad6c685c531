"""What a digest says: a root, a post for each question, and every chosen answer as a leaf of its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from bot.domain.cleaning import showable
from bot.domain.outbox import DraftPost
from bot.domain.repeating import repeatable, stays_whole, unlinked
from bot.domain.richtext import RichText, detect
from bot.domain.textlength import remaining
from bot.domain.trying import people_trying
from bot.rendering.fitting import cut_to_fit, hang, one_line, tidy
from bot.rendering.signing import handle_beside, link_in_public, signature

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.records import Answer, ChatContent
    from bot.domain.textlength import Limits
    from bot.rendering.templates import Templates
    from bot.rendering.words import Words

_LONGEST_NAME = 40


def digest_posts(
    templates: Templates, words: Words, content: ChatContent | None, limits: Limits, values: Mapping[str, Any]
) -> list[DraftPost]:
    """Write a digest's thread.

    Questions hang under the root, chosen answers under their question: removing one of them leaves the rest whole. The
    one what the chat was worth has no place among them.
    What people try, and what came of that, is told last, under the root, in a post of its own, as it leads elsewhere.
    Nobody is mentioned. What is no longer in ``content`` is not repeated.

    Args:
        templates: where the words stand.
        words: the series' language.
        content: the chat's answers and what was chosen of them.
        limits: of the network.
        values: what the root says of the chat: ``chat``, ``hashtag``, ``link``, ``told``, ``upcoming`` and
            ``upcoming_when``.
    """
    answers = content.answers if content else ()
    by_key = {answer.key: answer for answer in answers}
    people = {answer.post.author.id for answer in answers}
    figures: dict[str, Any] = {
        "answers": len(answers),
        "people": len(people),
        "intro": one_line(content.intro) if content else "",
    }
    root = tidy(templates.render("digest/root.txt.j2", {**values, **figures}))
    posts = hang(detect(root), limits, DraftPost(detect("")), 0)
    if content is None or not answers:
        return posts
    chat = content.stored.chat
    for number, question in enumerate(chat.questions, start=1):
        if question.pulse:
            continue
        name = f"{chat.id}/q{number}"
        chosen = [by_key[pick.answer] for pick in content.picks if pick.question == name and pick.answer in by_key]
        count = sum(any(placed.question == name for placed in answer.placed) for answer in answers)
        at = len(posts)
        some = 0 < len(chosen) < count or count == len(chosen) == 1  # "some of them" is wrong where all follow

        def about(ask: str, number: int = number, count: int = count, *, some: bool = some) -> RichText:
            said = {"w": words, "label": f"Q{number}", "ask": ask, "answers": count, "chosen": some}
            return detect(tidy(templates.render("digest/question.txt.j2", said)))

        posts.append(DraftPost(cut_to_fit(one_line(question.ask), about, limits), 0, "unlisted"))
        posts += [
            DraftPost(_repeat(templates, words, answer, limits), at, "unlisted", answer=answer.key) for answer in chosen
        ]
    tried = tidy(templates.render("digest/tried.txt.j2", {**values, "trying": people_trying(content)}))
    if tried:
        posts += hang(detect(tried), limits, DraftPost(detect(""), 0, "unlisted"), len(posts))
    return posts


def _repeat(templates: Templates, words: Words, answer: Answer, limits: Limits) -> RichText:
    """Somebody's words, cut if they must be, with whose they are and where they stand, as far as they like.

    A name is a name, whatever it looks like: no part of it becomes a link or a hashtag.
    """
    post = answer.post
    name = one_line(showable(signature(words, post)))
    name = unlinked(name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1].rstrip() + "…")
    handle, link = unlinked(showable(handle_beside(post))), link_in_public(post)
    link = link if stays_whole(link) else ""
    quote = one_line(showable(repeatable(post.text)))
    written = RichText("")
    for beside in ((handle, link), (handle, ""), ("", "")):  # a server can make its addresses as long as it likes
        who = {"w": words, "name": name, "handle": beside[0], "link": beside[1]}
        written = cut_to_fit(quote, partial(_write, templates, who), limits)
        if remaining(written, limits) >= 0:
            break
    return written


def _write(templates: Templates, who: Mapping[str, Any], quote: str) -> RichText:
    return detect(tidy(templates.render("digest/answer.txt.j2", {**who, "quote": quote})))
