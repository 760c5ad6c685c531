"""What other sites may show of a series."""

import msgspec
import pytest
from golden import sample

from bot.domain.records import StoredChat
from bot.rendering.pages import SiteRenderer
from bot.rendering.site import Site
from bot.rendering.templates import Templates

PATH = "edchat/snippet.html"


def snippet(*chats: StoredChat, site: Site = sample.SITE) -> str:
    renderer = SiteRenderer(Templates(), site, lambda: sample.NOW)
    pages = {page.path: page for page in renderer.pages(chats, {})}
    return pages[PATH].render(sample.contents).decode()


def section(page: str) -> str:
    """What is to be copied."""
    return page[page.index("<section") : page.index("</section>")]


def test_it_says_the_next_chat_how_to_take_part_and_where_to_read_on() -> None:
    said = section(snippet(*sample.stored_chats()))
    assert "#EdChat: Starting a lesson well" in said
    assert '<time datetime="2027-01-14T20:00:00+00:00">Thursday 14 January 2027, 20:00 London time</time>' in said
    assert "Reply to the question on the network you use." in said
    assert 'href="https://social.example.org/@edchat"' in said
    assert 'href="https://chats.example.org/edchat/"' in said
    assert "Feedback that pupils use" not in said


def test_what_is_copied_needs_nothing_of_its_page() -> None:
    said = section(snippet(*sample.stored_chats()))
    for one in ("<script", "<style", "<img", "<link", "<iframe", "style=", "class="):
        assert one not in said
    assert 'href="../' not in said


def test_without_a_coming_chat_it_says_so() -> None:
    first, second = sample.stored_chats()
    for chats in ((first,), (first, msgspec.structs.replace(second, cancelled=True))):
        assert "No chat is planned at the moment." in section(snippet(*chats))


def test_what_moderators_wrote_is_escaped() -> None:
    _, second = sample.stored_chats()
    chat = msgspec.structs.replace(second.chat, topic="<img src=x onerror=alert(1)>")
    assert "&lt;img src=x" in snippet(msgspec.structs.replace(second, chat=chat))


@pytest.mark.parametrize("address", ["", "https://chats.example.org"])
def test_its_link_leads_to_the_series(address: str) -> None:
    said = section(snippet(*sample.stored_chats(), site=msgspec.structs.replace(sample.SITE, address=address)))
    assert f'href="{"https://chats.example.org/edchat/" if address else "index.html"}"' in said
