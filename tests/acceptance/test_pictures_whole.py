"""A picture on both networks: released for who joined, copied without its place, gone with who leaves."""

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
from acceptance.leftovers import found
from acceptance.servers import NETWORKS
from acceptance.teachers import Spoken, Talk, gather
from acceptance.world import Bots, Evening, evening
from PIL import Image
from selectolax.lexbor import LexborHTMLParser

from bot.bootstrap.review import decide, held_answers

TEACHERS = 3  # on each network; the last two want nothing of theirs kept
AMY = 0
QUARTER = timedelta(minutes=15)
CAMERA, REMARK = b"PlantedCamera", b"planted: room 12"
MIRROR = "import shutil, sys; shutil.rmtree(sys.argv[2], True); shutil.copytree(sys.argv[1], sys.argv[2])"
PUBLISH = """\
publish:
  - git: file://{folder}/remote.git
  - command: [{python}, -c, "{mirror}", "{{site}}", {folder}/mirror]
"""


@dataclass
class Shown:
    """An answer with a picture: its own words, and those of its alt text."""

    talk: Talk
    answer: Spoken
    alt: str


@dataclass
class Places:
    """The other places where the archive stands."""

    folder: Path

    def yaml(self) -> str:
        """They are made, and named in what an operator writes."""
        subprocess.run(["git", "init", "--quiet", "--bare", str(self.folder / "remote.git")], check=True)
        return PUBLISH.format(folder=self.folder, python=sys.executable, mirror=MIRROR)

    def held(self) -> dict[str, bytes]:
        """All bytes that stand there, and names, what is packed unpacked."""
        branch = ["git", "--git-dir", str(self.folder / "remote.git"), "archive", "--format=tar", "pages"]
        files = {"git": subprocess.run(branch, check=True, capture_output=True).stdout}
        for path in (self.folder / "mirror").rglob("*"):
            name = f"mirror: {path.relative_to(self.folder / 'mirror')}"
            if path.suffix == ".zip":
                with zipfile.ZipFile(path) as packed:
                    files |= {f"{name}: {one}": one.encode() + packed.read(one) for one in packed.namelist()}
            elif path.is_file():
                files[name] = path.name.encode() + path.read_bytes()
        return files


def test_a_picture_is_shown_where_it_may_be_and_gone_with_who_leaves(
    bots: Bots, tmp_path: Path, unique: Callable[[str], str]
) -> None:
    places = Places(tmp_path)
    written = {"appview": bots.net.appview_url, "publish": places.yaml()}
    with evening(tmp_path / "bot", bots, unique("EdChat"), archive="everyone", **written) as chat:
        for prompt in ("announce-30m", "welcome", "q1"):
            assert chat.tick_at(chat.at(prompt)).troubles == ()
        talks = gather(bots, chat.hashtag, unique, TEACHERS)
        shown = [show(talk, seed) for seed, talk in enumerate(talks)]
        for talk in talks:
            ask(talk, "KEEP MY ANSWERS")
        tick(chat, bots)
        assert copies(chat) == {}, "nobody has looked yet"
        assert found(chat, [one.alt for one in shown], places.held()).keys() == {one.alt for one in shown}
        assert not [one.alt for one in shown if one.alt in chat.page.read_text(encoding="utf-8")]

        release(chat, shown)
        tick(chat, bots)
        kept = copies(chat)
        assert len(kept) == len(NETWORKS)
        for one in shown:
            is_shown(one, chat)
        stands_everywhere(chat, kept, places)
        assert any(CAMERA in original(one) for one in shown), "a server gives what it was given"
        assert found(chat, [CAMERA, REMARK], places.held()) == {}

        for talk in talks:
            ask(talk, "REMOVE ME")
        bots.net.settle()
        assert chat.tick_at(chat.clock.now() + QUARTER).troubles == ()
        assert copies(chat) == {}
        own = [word for one in shown for word in (one.alt, one.answer.mark)]
        assert found(chat, own, places.held()) == {}
        assert found(chat, [*slices(kept), *(name.encode() for name in kept)], places.held()) == {}


def photo(seed: int) -> bytes:
    """A photograph that says where, with what and by whom it was taken; no two are alike."""
    exif = Image.Exif()
    exif[0x010F] = CAMERA.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (53.0, 47.0, 59.0), 3: "W", 4: (1.0, 32.0, 58.0)})
    out = io.BytesIO()
    noise = Image.effect_noise((240, 160), 60).convert("RGB")
    noise.putpixel((0, 0), (seed, seed, seed))
    noise.save(out, "JPEG", exif=exif, comment=REMARK)
    return out.getvalue()


def show(talk: Talk, seed: int) -> Shown:
    alt = f"Posters beside a door, and a name on one of them: alt{seed}{talk.tag.removeprefix('#')}."
    picture = talk.crowd.picture(AMY, alt, photo(seed), "image/jpeg")
    return Shown(talk, talk.say("Look at our wall, it is read every day.", 1, to=1, who=AMY, **picture), alt)


def ask(talk: Talk, words: str) -> None:
    mention = f"{talk.bot_handle} " if talk.network == "mastodon" else ""
    talk.crowd.write(AMY, f"{mention}{words}", under=talk.question(1))


def tick(chat: Evening, bots: Bots) -> None:
    bots.net.settle()
    assert chat.tick_fully().troubles == ()


def release(chat: Evening, shown: Sequence[Shown]) -> None:
    """As a host does at a terminal: the list, then each by its key."""
    waiting = held_answers(chat.folder)
    assert sorted(one.network for one in waiting) == sorted(NETWORKS)
    for one in waiting:
        assert (one.why, one.pictures) == (("photo",), 1)
        assert any(each.answer.mark in one.text and each.alt in one.text for each in shown)
        assert decide(chat.folder, one.key, "release", "no faces", "a host").shown


def copies(chat: Evening) -> dict[str, bytes]:
    """Pictures of participants on the site, by their names."""
    return {path.stem: path.read_bytes() for path in (chat.site / chat.chat / "pictures").glob("*")}


def is_shown(one: Shown, chat: Evening) -> None:
    """On the page, with its alt text, from a file that has pixels and nothing else."""
    page = LexborHTMLParser(chat.page.read_text(encoding="utf-8"))
    [image] = [node.attributes for node in page.css("article.answer img") if node.attributes.get("alt") == one.alt]
    data = (chat.page.parent / str(image["src"])).read_bytes()
    with Image.open(io.BytesIO(data)) as opened:
        assert (opened.format, opened.size) == ("WEBP", (int(str(image["width"])), int(str(image["height"]))))
        assert not dict(opened.getexif())
        assert not {"exif", "xmp", "icc_profile", "comment"} & opened.info.keys()


def stands_everywhere(chat: Evening, kept: dict[str, bytes], places: Places) -> None:
    """In the store, on the site, in the ZIP file, at each other place: what is looked for later can be found."""
    for name, data in kept.items():
        at = {where for names in found(chat, slices({name: data}), places.held()).values() for where in names}
        wanted = {"backup.db", f"site/{chat.chat}/pictures/{name}.webp", "git"}
        assert wanted | {f"mirror: {chat.chat}/pictures/{name}.webp"} <= at
        assert [where for where in at if where.startswith("chat.zip: ")]
        assert [where for where in at if where.startswith(f"mirror: {chat.chat}/chat.zip: ")]


def slices(kept: dict[str, bytes]) -> list[bytes]:
    """Pieces from all over each picture, short enough to lie within one page of a database."""
    return [data[start : start + 48] for data in kept.values() for start in range(100, len(data) - 48, len(data) // 16)]


def original(one: Shown) -> bytes:
    """What a stranger gets of the picture from its network; nothing where its address is not told so plainly."""
    if one.talk.network != "mastodon":
        return b""
    return httpx.get(one.answer.remote["media_attachments"][0]["url"]).content
