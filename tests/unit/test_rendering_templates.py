import os
from pathlib import Path

import pytest
from golden import sample

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


@pytest.mark.parametrize("name", ["", "site/"])
def test_a_folder_that_cannot_be_read_is_told_and_the_shipped_templates_serve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = tmp_path / "templates"
    (folder / "site").mkdir(parents=True)
    (folder / "prompts").mkdir()
    monkeypatch.setattr(os, "access", lambda place, _mode: place != folder / name)
    told: list[str] = []
    assert home(Templates(folder, lambda problem: told.append(str(problem)))) == home(Templates())
    assert [one.startswith(f"templates/{name}: This folder cannot be read") for one in told] == [True]


def test_shipped_templates_are_compiled_once_for_all_folders(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    first, second = (Templates(folder) for folder in (None, tmp_path / "templates"))
    assert first._environment(None) is second._environment(None)


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


def in_vain(folder: Path, name: str, text: str) -> list[str]:
    """What is told of an own template that leaves the home page as it was."""
    told: list[str] = []
    own(folder, name, text)
    page = home(Templates(folder / "templates", lambda problem: told.append(str(problem))))
    assert page == home(Templates())
    return told


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("fine\n{{ nobody.knows }}", 2, "'nobody' is undefined"),
        ("fine\n\n{% if %}", 3, "Expected an expression, got 'end of statement block'"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", 1, "'__class__' of 'str' object is unsafe"),
        ("{{ site.__init__.__globals__ }}", 1, "'__init__' of"),
        ("{{ '{0.__class__.__mro__}'.format(1) }}", 1, "'__class__' of 'int' object is unsafe"),
        ("{% set _ = coming.append(1) %}", 1, "unsafe"),
        ("{{ 1 / 0 }}", 1, "ZeroDivisionError: division by zero"),
        ("{% include '../../secret' %}", 1, "no template “../../secret”"),
        ("{% include 'site/home.html.j2' %}", 1, "without end"),
        ("{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(1) }}", 1, "without end"),
    ],
)
def test_an_own_template_that_does_not_work_is_told_with_its_line_and_the_shipped_one_serves(
    tmp_path: Path, text: str, place: int, why: str
) -> None:
    (tmp_path / "secret").write_text("secret")
    (told,) = in_vain(tmp_path, "site/home.html.j2", text)
    assert told.startswith(f"templates/site/home.html.j2:{place}: ")
    assert why in told
    assert "the shipped template serves" in told


GROWING = "{{% set ns = namespace(x='x') %}}{{% for i in range(60) %}}{}{{% endfor %}}"
ENDLESS = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
LONG = "{% set a = 'x' * 100000 %}"


@pytest.mark.parametrize(
    "text",
    [
        ENDLESS,
        "{% for i in range(99999) %}" + "y" * 20_000 + "{% endfor %}",
        "{% for x in [1, 2] recursive %}{% if loop.depth < 60 %}{{ loop([1, 2]) }}{% endif %}{% endfor %}",
        "{% macro f(n) %}{% if n < 60 %}{{ f(n+1) }}{{ f(n+1) }}{% endif %}{% endmacro %}{{ f(1) }}",
        "{% for i in range(100001) %}{% endfor %}",
        GROWING.format("{% set ns.x = ns.x ~ ns.x %}"),
        GROWING.format("{% set ns.x = ns.x + ns.x %}"),
        GROWING.format("{% set ns.x = ns.x * 2 %}"),
        GROWING.format("{% set t %}{{ ns.x }}{{ ns.x }}{% endset %}{% set ns.x = t %}"),
        "{% set ns = namespace(x=9) %}{% for i in range(60) %}{% set ns.x = ns.x * ns.x %}{% endfor %}",
        "{{ 9 ** 99999999 }}",
        "{{ 'x' * 10 ** 10 }}",
        "{{ ([0] * 10 ** 10) | length }}",
        "{{ 'x' | center(10000000000) }}",
        "{{ ['x'] | map('center', 10000000000) | list }}",
        "{{ 'x'.ljust(10000000000) }}",
        "{{ '%010000000000d' % 1 }}",
        "{{ '%*d' % (10000000000, 1) }}",
        "{{ '%010000000000d' | format(1) }}",
        "{{ '{:10000000000}'.format(1) }}",
        "{{ '{0[0]:{0[1]}}'.format([1, 10000000000]) }}",
        "{{ [1] | batch(10000000000, 0) | list | length }}",
        "{{ [1] | tojson(10000000000) }}",
        LONG + "{{ a | replace('x', a) }}",
        LONG + "{{ a.replace('x', a) }}",
        LONG + "{{ a.join(range(99999) | map('string') | list) }}",
        LONG + "{{ a | wordwrap(1, true, a) }}",
    ],
)
def test_an_own_template_can_neither_run_for_ever_nor_fill_the_memory(tmp_path: Path, text: str) -> None:
    (told,) = in_vain(tmp_path, "site/home.html.j2", text)
    assert told.startswith("templates/site/home.html.j2:1: ")


def test_ordinary_work_is_well_within_the_bounds(tmp_path: Path) -> None:
    text = (
        "{% for i in range(3000) %}{{ '%05d' % i }} {{ '{:>4}'.format(i) }} {{ i | string | center(20) }}"
        "{{ 'ab' ~ (i + 1) }} {{ 'a {b {c} 20% of 2026' | truncate(9) | replace('a', 'ä') }}\n{% endfor %}"
    )
    page = home(own(tmp_path, "site/home.html.j2", text))
    assert page.count("\n") == 3000
    assert page.startswith("00000    0 ")


def test_a_template_that_took_too_much_is_not_tried_again(tmp_path: Path) -> None:
    templates = own(
        tmp_path,
        "prompts/reminder.txt.j2",
        "{{ tried(1) }}{% for i in range(99999) %}{% for j in range(9) %}x{% endfor %}{% endfor %}",
    )
    tries: list[int] = []
    values = {"w": templates.dictionary.words("en"), "label": "Q1", "hashtag": "#EdChat", "tried": tries.append}
    assert templates.render("prompts/reminder.txt.j2", values) == templates.render("prompts/reminder.txt.j2", values)
    assert tries == [1]


def test_one_that_failed_for_other_reasons_is_tried_with_the_next_values(tmp_path: Path) -> None:
    templates = own(tmp_path, "prompts/reminder.txt.j2", "{{ 6 // label }}")
    values = {"w": templates.dictionary.words("en"), "hashtag": "#EdChat"}
    assert "0 is still open" in templates.render("prompts/reminder.txt.j2", values | {"label": 0})
    assert templates.render("prompts/reminder.txt.j2", values | {"label": 2}) == "3"


def test_only_the_template_that_fails_is_set_aside(tmp_path: Path) -> None:
    own(tmp_path, "site/home.html.j2", '{% extends "site/base.html.j2" %}{% block main %}<p>Ours</p>{% endblock %}')
    told: list[str] = []
    own(tmp_path, "site/base.html.j2", "{{ nope }}")
    page = home(Templates(tmp_path / "templates", lambda problem: told.append(str(problem))))
    assert "<p>Ours</p>" in page
    assert "<!doctype html>" in page.lower()
    assert [one.partition(": ")[0] for one in told] == ["templates/site/base.html.j2:1"]


def test_where_it_cannot_be_told_which_one_is_wrong_the_shipped_ones_serve(tmp_path: Path) -> None:
    (told,) = in_vain(tmp_path, "site/parts.html.j2", "{% macro other() %}{% endmacro %}")
    assert told.startswith("templates/: Your own templates do not go together with site/home.html.j2")


def test_what_is_wrong_is_told_once(tmp_path: Path) -> None:
    told: list[str] = []
    own(tmp_path, "site/home.html.j2", "{{ nope }}")
    templates = Templates(tmp_path / "templates", lambda problem: told.append(str(problem)))
    home(templates)
    home(templates)
    assert len(told) == 1


@pytest.mark.parametrize(
    "text",
    ["{{ {}[secret] }}", "{{ secret.nope }}", "{{ secret | int + secret }}", "{% include secret %}", "{{ w(secret) }}"],
)
def test_nothing_that_a_template_was_filled_with_is_told(tmp_path: Path, text: str) -> None:
    told: list[str] = []
    own(tmp_path, "prompts/reminder.txt.j2", text)
    templates = Templates(tmp_path / "templates", lambda problem: told.append(str(problem)))
    secret = "my pupil Amy's words"
    values = {"w": templates.dictionary.words("en"), "label": "Q1", "hashtag": "#EdChat", "secret": secret}
    templates.render("prompts/reminder.txt.j2", values)
    (one,) = told
    assert one.startswith("templates/prompts/reminder.txt.j2:1: ")
    assert "Amy" not in one
    assert "pupil" not in one


def test_a_template_that_is_no_text_is_told(tmp_path: Path) -> None:
    own(tmp_path, "site/home.html.j2", "")
    (tmp_path / "templates/site/home.html.j2").write_bytes(b"\xff\xfe")
    told: list[str] = []
    assert home(Templates(tmp_path / "templates", lambda one: told.append(str(one)))) == home(Templates())
    (one,) = told
    assert one.startswith("templates/site/home.html.j2: ")
    assert "UTF-8" in one


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"home.coming": "Soon"\n"x"}', "en.json:2:1: This is not JSON"),
        ("[]", "en.json:1: Write phrases in braces"),
        ('{\n"home.comming": "Soon"}', "en.json:2: “home.comming”: There is no phrase of this name"),
        ('{"home.coming": 7}', "en.json:1: “home.coming”: it has to be text"),
        ('{"home.coming": "Soon in {place}"}', "nothing can be filled in for {place}; write it out"),
        ('{"chat.earlier": "Before: {topik}"}', "nothing can be filled in for {topik}; there is {topic}"),
        ('{"n.answers": {"one": "1"}}', "other has to be there"),
        ('{"n.answers": {"other": "{m} answers"}}', "nothing can be filled in for {m}; there is {n}"),
        ('{"weekdays": ["Mon"]}', "a list of 7 words"),
        ('{"cities": ["London"]}', "names in braces"),
        ("[" * 100_000, "Too many brackets"),
    ],
)
def test_a_mistake_in_own_phrases_is_told_with_its_place_and_the_shipped_ones_serve(
    tmp_path: Path, text: str, said: str
) -> None:
    (told,) = in_vain(tmp_path, "words/en.json", text)
    assert said in told


def test_one_wrong_phrase_leaves_the_others(tmp_path: Path) -> None:
    text = '{"home.coming": "Soon", "home.past": 7, "n.answers": "{n} replies", "cities": {"London": "Town"}}'
    page = home(own(tmp_path, "words/en.json", text))
    assert "Soon" in page
    assert "What was said" in page
    assert " replies" in page


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
    empty = dict.fromkeys(("hashtag", "options", "how", "credit"), "")
    values = empty | {"w": words, "label": "Q1", "ask": "<b> & co?", "notice": "n"}
    assert Templates().render("prompts/question.txt.j2", values).startswith("Q1 <b> & co?")
