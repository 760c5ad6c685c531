"""What was heard, on its way to the store: tellings joined, so that a burst is stored in few batches."""

from __future__ import annotations

from dataclasses import dataclass

from bot.ports import Heard


@dataclass(frozen=True, slots=True)
class Told:
    """Something on its way to the store: what, which cursor it moves, and when it was told (monotonic seconds)."""

    heard: Heard
    stream: str
    at: float = 0.0


def says_something(heard: Heard) -> bool:
    """Whether it is more than a sign of life."""
    return bool(heard.posts or heard.gone or heard.ended or heard.threads or heard.spoiled or heard.missed)


def merged(items: list[Told]) -> list[Told]:
    """Tellings that follow each other on one stream as one; of one post the last version, or that it is gone."""
    joined: list[Told] = []
    for item in items:
        if joined and joined[-1].stream == item.stream:
            joined[-1] = Told(_both(joined[-1].heard, item.heard), item.stream, item.at)
        else:
            joined.append(item)
    return joined


def _both(one: Heard, other: Heard) -> Heard:
    came = {post.ref.id for post in other.posts}
    left = {ref.id for ref in other.gone}
    return Heard(
        posts=(*(post for post in one.posts if post.ref.id not in left), *other.posts),
        cursor=other.cursor,
        gone=(*(ref for ref in one.gone if ref.id not in came), *other.gone),
        ended=tuple(dict.fromkeys((*one.ended, *other.ended))),
        threads=tuple(dict.fromkeys((*one.threads, *other.threads))),
        spoiled=(*one.spoiled, *other.spoiled),
        missed=one.missed or other.missed,
    )
