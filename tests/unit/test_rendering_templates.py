from pathlib import Path

import pytest
from golden import sample

from bot.errors import UserError
from bot.rendering.pages import SiteRenderer
from bot.rendering.templates import Templates
from bot.rendering.urls import HOME


def home(templates: Templates) -> str:
    renderer = SiteRenderer(templates, sample.SITE, lambda: sample.NOW)
    pages = {page.path: page for page in renderer.pages(sample.chats(), sample.figures())}
    return pages[HOME].render(sample.contents).decode()


def own(folder: Path, name: str, text: str) -> Templates:
    file = folder / "templates" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return Templates(folder / "templates")


def test_without_a_folder_the_shipped_templates_serve(tmp_path: Path) -> None:
    assert home(Templates(tmp_path / "nothing")) == home(Templates())


def test_an_own_template_takes_the_shipped_ones_place(tmp_path: Path) -> None:
    templates = own(tmp_path, "site/home.html.j2", "<p>Our <b>own</b> {{ site.title }} &amp; {{ '<i>' }}</p>")
    assert home(templates) == "<p>Our <b>own</b> Staffroom &amp; &lt;i&gt;</p>"


def test_an_own_template_may_extend_the_shipped_one(tmp_path: Path) -> None:
    templates = own(
        tmp_path,
        "site/home.html.j2",
        '{% extends "original/site/home.html.j2" %}{% block main %}<p>Hello</p>{{ super() }}{% endblock %}',
    )
    assert "<p>Hello</p>" in home(templates)
    assert "Coming chats" in home(templates)


def test_own_phrases_replace_single_ones(tmp_path: Path) -> None:
    templates = own(tmp_path, "words/en.json", '{"home.coming": "Soon"}')
    assert "Soon" in home(templates)
    assert "What was said" in home(templates)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("fine\n{{ nobody.knows }}", "templates/site/home.html.j2:2: "),
        ("fine\n\n{% if %}", "templates/site/home.html.j2:3: "),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "templates/site/home.html.j2:1: "),
        ("{{ site.__init__.__globals__ }}", "templates/site/home.html.j2:1: "),
        ("{% set _ = coming.append(1) %}", "templates/site/home.html.j2:1: "),
        ("{{ 1 / 0 }}", "templates/site/home.html.j2:1: "),
        ("{% for i in range(10 ** 9) %}x{% endfor %}", "templates/site/home.html.j2:1: "),
        ("{% include '../../secret' %}", "templates/site/home.html.j2:1: "),
    ],
)
def test_what_an_own_template_may_not_do_names_its_file_and_line(tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / "secret").write_text("secret")
    with pytest.raises(UserError) as caught:
        home(own(tmp_path, "site/home.html.j2", text))
    assert str(caught.value).startswith(place)
    assert "get the shipped template back" in str(caught.value)


def test_a_mistake_in_own_phrases_names_its_place(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"templates/words/en\.json:2:1"):
        home(own(tmp_path, "words/en.json", '{"home.coming": "Soon"\n"x"}'))
    with pytest.raises(UserError, match=r"templates/words/en\.json:1"):
        home(own(tmp_path, "words/en.json", "[]"))


def test_a_bug_in_a_shipped_template_keeps_its_traceback() -> None:
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        Templates().render("prompts/reminder.txt.j2", {})


def test_every_change_of_a_template_changes_the_fingerprint(tmp_path: Path) -> None:
    shipped = Templates().fingerprint
    assert Templates().fingerprint == shipped
    first = own(tmp_path, "site/home.html.j2", "one").fingerprint
    second = own(tmp_path, "site/home.html.j2", "two").fingerprint
    assert len({shipped, first, second}) == 3


def test_posts_are_plain_text_and_pages_are_escaped() -> None:
    words = Templates().dictionary.words("en")
    values = {"w": words, "label": "Q1", "ask": "<b> & co?", "hashtag": "", "options": "", "credit": "", "notice": "n"}
    assert Templates().render("prompts/question.txt.j2", values).startswith("Q1 <b> & co?")
