"""Texts that make a careless reader slow: a shape for each way in which work can grow with the square of a text.

Run as a program it reads every shape with one reader, or with all, and says, before each, which it is, under a limit of
processor time; see `test_growth.py`.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE, LONGEST_FILE = 40_000, 20_000
"""Characters of a text, and of a YAML file, which is read at a hundredth of the speed."""

SECONDS = 3
"""Of processor time for one shape: what grew with the square of a text took five and more, nothing now takes one."""

PLAIN = {
    "blanks": lambda n: "a" + " " * n + "b",
    "blank lines": lambda n: "\n " * (n // 2) + "b",
    "handles without blanks": lambda n: "@a" * (n // 2),
    "handles with dashes": lambda n: "@a-" * (n // 3) + "@",
    "handles behind stops": lambda n: "@a." * (n // 3),
    "at signs": lambda n: "@" * n,
    "hashtags without blanks": lambda n: "#a" * (n // 2),
    "hashtags with dots": lambda n: "#" + "·a" * (n // 2),
    "schemes": lambda n: "https://" * (n // 8),
    "brackets in addresses": lambda n: "https://a.b/(" * (n // 13),
    "brackets that close": lambda n: "https://a.b/" + ")" * n,
    "hosts of dots": lambda n: "https://" + "a." * (n // 2),
    "marks": lambda n: "e" + "\u0301" * n,
    "joined emoji": lambda n: "\U0001f468\u200d" * (n // 2),
    "flags": lambda n: "\U0001f1e6" * n,
    "conjuncts": lambda n: "\u0915\u094d" * (n // 2),
    "tag characters": lambda n: "\U0001f3f4" + "\U000e0067" * n,
    "one word": lambda n: "a" * n,
    "letters that grow": lambda n: "\ufdfa" * (n // 18),
}

WORDS = {
    "names": lambda n: "Aa " * (n // 3),
    "double names": lambda n: "Aa-" * (n // 3) + "Aa1",
    "apostrophes": lambda n: "a'" * (n // 2),
    "initials": lambda n: "A." * (n // 2),
    "labels": lambda n: "A1 & " * (n // 5),
    "numbers": lambda n: "1" * n,
    "emoji before a label": lambda n: "\u2728" * n + "A1",
    "commas": lambda n: ", " * (n // 2),
    "pupils": lambda n: "my pupil " * (n // 9) + "Aa",
    "accused by handles": lambda n: "bullied " + "@a" * (n // 2),
    "accused by names": lambda n: "bullied " + "Aa-" * (n // 3) + "1",
    "accused by nobody": lambda n: "bullied by" + " " * n + "x",
    "accused heads": lambda n: "the head is " * (n // 12) + "a bully",
    "accused with blanks": lambda n: ("the head" + " " * 50) * (n // 58) + "a bully",
}

MARKUP = {
    "elements in elements": lambda n: "<div>" * 2_900 + "a" * (n - 14_500),
    "links in links": lambda n: "<a href=//x>" * 2_900 + "x" * n,
    "misnested": lambda n: "<b><p>" * 1_400 + "x" * n,
    "tables": lambda n: "<table>" + "a<b>" * 2_800 + "x" * n,
    "attributes": lambda n: "<a " + " ".join(f"a{i}" for i in range(n // 6)) + ">x</a>",
    "less-than": lambda n: "<" * n,
    "comments": lambda n: "<!--" * (n // 4),
    "tags without end": lambda n: "<a " * (n // 3),
    "numbers": lambda n: "<" * 3_100 + "&#" + "9" * n + ";",
    "entities": lambda n: "&amp" * (n // 4),
    "preformatted": lambda n: "<pre>" + " <i></i>" * 2_900 + " " * n + "x",
    "classes": lambda n: '<a class="mention ' + "a " * (n // 2) + '" href="https://x.example">@x</a>',
    "a mention of at signs": lambda n: '<a class=mention href="https://x.example">' + "@a" * (n // 2) + "</a>",
    "lists": lambda n: "<ul><li>" * 1_450 + "x" * n,
}

FILES = {
    "blanks in a value": lambda n: "title: a: b" + " " * n + "c",
    "blanks in long lines": lambda n: ("title: a: b" + " " * 7_000 + "c\n") * (n // 7_000),
    "blanks before comments": lambda n: ("titel: @a" + " " * 7_000 + "b\n") * (n // 7_000),
    "dashes": lambda n: "- " * (n // 2) + "a",
    "dashes in long lines": lambda n: ("- " * 3_500 + "a\n") * (n // 7_000),
    "open brackets": lambda n: "title: " + "[{" * (n // 2),
    "an open quotation mark": lambda n: 'title: "' + "a" * n,
    "letters over lines": lambda n: 'title: "' + ("a" * 7_000 + "\n  ") * (n // 7_000) + '"',
    "indents": lambda n: "".join(" " * (i % 300) + "- a\n" for i in range(n // 150)) + "  b: c: d\n",
    "tabs": lambda n: "a: b\n" * (n // 5) + "\tb: c\n",
    "broken lines": lambda n: "title: x\n" + "a: b: c\n" * min(n // 8, 1_990),
    "keys nobody knows": lambda n: "".join(f"k{i}: v\n" for i in range(n // 9)),
    "a key again and again": lambda n: "k: v\n" * (n // 5),
    "nothing, far down": lambda n: "\n" * (n // 2) + "a: [" + "~,\n" * (n // 6) + "~]",
    "aliases": lambda n: "a: &x 1\nb: [" + "*x,\n" * (n // 4) + "*x]",
    "aliases in aliases": lambda n: (
        "k0: &a0 ["
        + "1," * 200
        + "]\n"
        + "".join(f"k{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, n // 2_000))
    ),
    "levels by aliases": lambda n: "".join(
        f"k{i}: &a{i} " + "[" * 17 + (f"*a{i - 1}" if i else "") + "]" * 17 + "\n" for i in range(n // 60)
    ),
    "quotation marks": lambda n: "title: '" + "''" * 3_900 + "'\n" * (n // 7_800),
}


def readers() -> dict[str, tuple[dict[str, Callable[[int], str]], Callable[[str], object]]]:
    """Everything that reads what others write: its shapes, and how it is asked."""
    from bot.config.messages import tidy
    from bot.config.reading import Reading
    from bot.config.series_models import SeriesFile
    from bot.config.watchwords import load_watchwords
    from bot.domain import alarms, commands, labels, mentions, patterns, repeating, richtext, splitting, textlength
    from bot.networks.bluesky import wire
    from bot.networks.mastodon.posthtml import to_rich
    from bot.rendering import fitting

    watch = load_watchwords(Path())

    def yaml(text: str) -> object:
        reading = Reading("series/x.yaml", text.encode(), SeriesFile)
        return tidy(reading.source, reading.problems)

    def alarmed(text: str) -> object:
        return list(alarms._alarms_in(text, [watch.patterns[code] for code in watch.languages]))

    def asked(text: str) -> object:
        return commands.read(richtext.RichText(text[: commands.LONGEST]), ("de", "fr"), own="x", in_thread=False)

    def labelled(text: str) -> object:
        return labels.label_of(text, {1, 2, 3}), labels.label_of(text, {1, 2, 3}, ("de", "cy"))

    def faceted(text: str) -> object:
        facet = {"index": {"byteStart": 0, "byteEnd": 10**6}, "features": [{"$type": "x#mention", "did": "did:plc:x"}]}
        record = {"text": text, "facets": [facet] * (len(text) // 30)}
        return wire.rich_text(wire.lenient(msgspec.Raw(json.dumps(record).encode()), wire._Record))

    def repeated(text: str) -> object:
        return fitting.cut_to_fit(
            fitting.one_line(repeating.repeatable(richtext.detect(text))), _written, textlength.MASTODON
        )

    def _written(text: str) -> Any:
        return richtext.detect(fitting.tidy(f"“{text}”\n\nAmy"))

    return {
        "HTML reader": (PLAIN | MARKUP, to_rich),
        "label parser": (PLAIN | WORDS, labelled),
        "commands": (PLAIN | WORDS, asked),
        "mentions": (PLAIN, lambda text: mentions.unname(richtext.RichText(text), lambda _: True)),
        "finding": (PLAIN, lambda text: (richtext.detect(text), list(patterns.handles(text)))),
        "markup": (PLAIN, lambda text: richtext.to_html(richtext.neutralise(richtext.detect(text)))),
        "splitting": (PLAIN, lambda text: splitting.split(richtext.RichText(text), textlength.MASTODON)),
        "facets": (PLAIN, faceted),
        "alarms": (PLAIN | WORDS, alarmed),
        "digests": (PLAIN, repeated),
        "tidying": (PLAIN, fitting.tidy),
        "YAML": (FILES, yaml),
    }


def main(name: str) -> None:
    """Let one reader read each of its shapes, or all do so; the limit is set anew before each shape."""
    found = readers()
    for reader in (name,) if name else tuple(found):
        _read_all(reader, *found[reader])
    print("done", flush=True)


def _read_all(reader: str, shapes: dict[str, Callable[[int], str]], read: Callable[[str], object]) -> None:
    read("to load what is loaded once")
    for shape, make in shapes.items():
        text = make(LONGEST_FILE if shapes is FILES else SIZE)
        print(f"{reader}: {shape}", flush=True)
        used = resource.getrusage(resource.RUSAGE_SELF)
        ends = int(used.ru_utime + used.ru_stime) + SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (ends, resource.getrlimit(resource.RLIMIT_CPU)[1]))
        read(text)


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
