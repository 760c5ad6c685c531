"""Turn a post's plain text into the HTML that Mastodon really sends.

Paragraphs and `<br />`, links shortened with `invisible` and `ellipsis` spans, mentions in an `h-card`, hashtags with
`rel="tag"`; no Markdown, which Mastodon does not know.
See `TextFormatter` in Mastodon's source and https://docs.joinmastodon.org/spec/activitypub/#sanitization.
"""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass

LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)'\]]")
_PARTS = re.compile(
    rf"(?P<link>{LINK.pattern})"
    r"|(?<![\w/])@(?P<name>\w+)(?:@(?P<domain>[\w.:-]*\w))?"
    r"|(?<![\w/&])#(?P<tag>\w*[^\W\d_]\w*)"
)
_SHOWN = 30  # characters of a link's address that stay visible


@dataclass(frozen=True)
class Formatter:
    """Formats for one server: its `base_url`, and a question for the profile of a name there or on another server.

    `profile(name, domain)` is an address, or None for an account it does not know; domain is None for its own.
    """

    base_url: str
    profile: Callable[[str, str | None], str | None]

    def __call__(self, text: str) -> str:
        """The HTML of a text; empty for an empty one."""
        paragraphs = [part.strip("\n") for part in re.split(r"\n{2,}", text.replace("\r\n", "\n").strip())]
        return "".join(f"<p>{self._inline(part)}</p>" for part in paragraphs if part)

    def _inline(self, text: str) -> str:
        out: list[str] = []
        end = 0
        for match in _PARTS.finditer(text):
            out.append(_plain(text[end : match.start()]))
            out.append(self._part(match))
            end = match.end()
        return "".join([*out, _plain(text[end:])])

    def _part(self, match: re.Match[str]) -> str:
        if match["link"]:
            return _link(match["link"])
        if match["tag"]:
            href = html.escape(f"{self.base_url}/tags/{match['tag']}")
            return f'<a href="{href}" class="mention hashtag" rel="tag">#<span>{html.escape(match["tag"])}</span></a>'
        name = match["name"]
        profile = self.profile(name, match["domain"])
        if profile is None:
            return _plain(match[0])
        link = f'<a href="{profile}" class="u-url mention">@<span>{name}</span></a>'
        return f'<span class="h-card" translate="no">{link}</span>'


def _plain(text: str) -> str:
    return html.escape(text, quote=True).replace("&#x27;", "&#39;").replace("\n", "<br />")


def _link(url: str) -> str:
    prefix = re.match(r"https?://(?:www\.)?", url)
    start = prefix[0] if prefix else ""
    shown, hidden = url[len(start) : len(start) + _SHOWN], url[len(start) + _SHOWN :]
    inner = (
        f'<span class="invisible">{_plain(start)}</span>'
        f'<span class="{"ellipsis" if hidden else ""}">{_plain(shown)}</span>'
        f'<span class="invisible">{_plain(hidden)}</span>'
    )
    return f'<a href="{_plain(url)}" target="_blank" rel="nofollow noopener" translate="no">{inner}</a>'
