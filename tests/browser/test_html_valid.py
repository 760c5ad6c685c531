"""The pages' HTML against the standard, by a checker that is not ours (html-validate)."""

import json
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from golden import rewrite, sample
from networks.yard import NODE_MODULES, node

from bot.rendering.pages import SiteRenderer
from bot.rendering.site import Site
from bot.rendering.templates import Templates

RULES = {"root": True, "extends": ["html-validate:standard"]}


def faults(folder: Path, pages: dict[str, bytes]) -> list[str]:
    """What the checker finds in some pages, one line for each."""
    for path, data in pages.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    (folder / ".htmlvalidate.json").write_text(json.dumps(RULES))
    checker = NODE_MODULES / "html-validate" / "bin" / "html-validate.mjs"
    done = subprocess.run(
        [node(), str(checker), "--formatter", "json", "--ext", "html", "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stdout, done.stderr
    told: list[dict[str, Any]] = json.loads(done.stdout)
    return [f"{one['filePath']}: {fault['message']}" for one in told for fault in one["messages"]]


def test_every_page_is_valid(tmp_path: Path) -> None:
    pages = {path: data for path, data in rewrite.site().items() if path.endswith(".html")}
    templates = Templates()
    renderer = SiteRenderer(templates, sample.SITE, lambda: sample.NOW)
    entries = sample.EDCHAT.chats
    later = msgspec.structs.replace(entries[1], date=entries[1].date + timedelta(days=7))
    moved = sample.stored_chats(msgspec.structs.replace(sample.EDCHAT, chats=(entries[0], later)))
    known = {page.path: page.mark for page in renderer.pages(sample.stored_chats(), sample.figures())}
    old = "edchat/2027-01-14/index.html"
    (leads,) = (page for page in renderer.pages(moved, sample.figures(), known=known) if page.path == old)
    pages["moved.html"] = leads.render(sample.contents)
    empty = SiteRenderer(templates, Site(), lambda: sample.NOW).pages([], {})
    pages |= {f"empty/{page.path}": page.render(sample.contents) for page in empty if page.path.endswith(".html")}
    assert faults(tmp_path, pages) == []


def test_the_checker_sees_what_is_wrong(tmp_path: Path) -> None:
    assert faults(tmp_path, {"index.html": b"<!doctype html><html><body><p><div></div></p><a id='x' id='x'></a>"})
