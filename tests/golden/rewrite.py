"""Writes the golden files anew: run it after a change of words or pages that was meant, and read the diff.

.venv/bin/python tests/golden/rewrite.py
"""

from __future__ import annotations

import shutil
import sys
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, get_args

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent)]

import msgspec  # noqa: E402 - after the line above, as all that follow
from golden import sample  # noqa: E402 - found through the line above

from bot.domain.prompts import prompts  # noqa: E402 - the same
from bot.domain.series import Tone  # noqa: E402 - the same
from bot.domain.takingpart import Record, taken_part  # noqa: E402 - the same
from bot.domain.textlength import BLUESKY, MASTODON, remaining  # noqa: E402 - the same
from bot.rendering.composer import TemplateComposer  # noqa: E402 - the same
from bot.rendering.pages import SiteRenderer  # noqa: E402 - the same
from bot.rendering.recordjson import record_json  # noqa: E402 - the same
from bot.rendering.recordpage import record_page  # noqa: E402 - the same
from bot.rendering.templates import Templates  # noqa: E402 - the same

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.posts import NetworkName
    from bot.domain.records import StoredChat
    from bot.domain.textlength import Limits


@cache
def site() -> Mapping[str, bytes]:
    """All pages of the sample but the style sheet, which is a file already."""
    renderer = SiteRenderer(Templates(), sample.SITE, lambda: sample.NOW)
    listed, shared, album, quoting = sample.listed(), sample.shared_links, sample.album(), sample.quoting()
    pages = renderer.pages(sample.chats(), sample.figures(), listed, shared=shared, album=album, quoting=quoting)
    return MappingProxyType({page.path: page.render(sample.contents) for page in pages if page.path != "look.css"})


def is_packed(path: str) -> bool:
    """Packed files are compared with nothing: another version of a compressor may write the same otherwise."""
    return path.endswith((".png", ".webp", ".zip"))


def said() -> dict[str, bytes]:
    """All that the bot says in the sample's chats, a file for each chat and network."""
    composer = TemplateComposer(Templates(), sample.SITE)
    files = {}
    for stored in sample.chats():
        upcoming = sample.stored_chats()[1].chat if stored.chat.id == "edchat/2027-01-07" else None
        for network, limits in (("bluesky", BLUESKY), ("mastodon", MASTODON)):
            lines = []
            for prompt in prompts(stored.series, stored.chat):
                draft = composer.compose(
                    prompt,
                    stored,
                    network,
                    limits,
                    upcoming=upcoming,
                    content=sample.contents(stored.chat.id) if prompt.kind == "digest" else None,
                    question=None,
                    media=(),
                )
                for index, post in enumerate(draft.posts):
                    under = "" if post.reply_to is None else f" under {post.reply_to}"
                    poll = f" poll {post.poll.seconds} s: {' | '.join(post.poll.options)}" if post.poll else ""
                    left = remaining(post.text, limits)
                    lines += [
                        f"=== {prompt.id} [{index}] {post.visibility}{under}{poll}, {left} left",
                        post.text.text,
                        *(
                            [f"card: {post.card.title} | {post.card.description} | {post.card.uri}"]
                            if post.card
                            else []
                        ),
                        "",
                    ]
            files[f"{stored.chat.id.replace('/', '-')}-{network}.txt"] = "\n".join(lines).encode()
    return files


def tones() -> dict[str, bytes]:
    """What the bot says around the questions in each language and tone, a file for each."""
    files, empty_line = {}, "\n\n"
    for language in ("en", "cy", "de", "es", "fr"):
        for tone in get_args(Tone):
            lines = []
            for form in ("live", "slow"):
                stored = sample.toned(language, tone, form)
                lines += [
                    f"=== {form} {kind}, {least} left\n{empty_line.join(texts)}\n"
                    for kind, (texts, least) in prompts_around(stored, "bluesky", BLUESKY).items()
                ]
            files[f"tone-{language}-{tone}.txt"] = "\n".join(lines).encode()
    return files


def prompts_around(stored: StoredChat, network: NetworkName, limits: Limits) -> dict[str, tuple[list[str], int]]:
    """A chat's prompts but for its questions, by kind: the words of their posts, and what is left of the fullest."""
    composer = TemplateComposer(Templates(), sample.SITE)
    found = {}
    for prompt in prompts(stored.series, stored.chat):
        if prompt.kind == "question" or prompt.kind in found:
            continue
        draft = composer.compose(
            prompt,
            stored,
            network,
            limits,
            upcoming=sample.stored_chats()[1].chat,
            content=sample.quiet(stored) if prompt.kind == "digest" else None,
            question=None,
            media=(),
        )
        texts = [post.text.text for post in draft.posts]
        found[prompt.kind] = (texts, min(remaining(post.text, limits) for post in draft.posts))
    return found


def record() -> dict[str, bytes]:
    """The record of one of the sample's people, of a live chat and of a French slow one; without the pages' style."""
    content = sample.content()
    said = {one.key: one.post for one in content.answers if one.post.author.handle == sample.PEOPLE["y5"][1]}
    french = msgspec.structs.replace(content.stored.series, format="slow", languages=("fr",))
    slow = msgspec.structs.replace(content, stored=msgspec.structs.replace(content.stored, series=french))
    who, asked = next(iter(said.values())).author, sample.NOW - timedelta(days=1)
    files = {}
    for name, one in (("live", content), ("slow", slow)):
        chats = tuple(part for part in [taken_part(one, said)] if part)
        made = Record((who,), chats, asked, sample.NOW)
        files[f"{name}.json"] = record_json(made, archive=sample.SITE.title, address=sample.SITE.address)
        page = record_page(Templates(), sample.SITE, made)
        before, _, after = page.partition(b"<style>")
        files[f"{name}.html"] = before + b"<style>" + after[after.index(b"</style>") :]
    return files


if __name__ == "__main__":
    for folder, files in (("site", site()), ("prompts", said() | tones()), ("record", record())):
        shutil.rmtree(HERE / folder, ignore_errors=True)
        for path, data in files.items():
            if is_packed(path):
                continue
            target = HERE / folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
