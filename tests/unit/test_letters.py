"""Newsletters: what an edition says, who is on the list, what a letter looks like on its way."""

import os
import time
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from golden import sample

from bot.domain.letters import (
    Letter,
    letter_id,
    of_last_term,
    plain_address,
    read_addresses,
    unsubscribe_headers,
    without_address,
)
from bot.domain.occurrences import Span
from bot.domain.records import StoredChat
from bot.domain.series import Question
from bot.errors import UserError
from bot.publishing.letters import Envelope, SmtpLetters, multipart
from bot.publishing.mail import SmtpMail
from bot.publishing.recipients import read_recipients, remove_recipient
from bot.rendering.newsletter import Edition, edition
from bot.rendering.site import Site
from bot.rendering.templates import Templates

AT = datetime(2027, 1, 8, 9, tzinfo=UTC)
FIRST, SECOND = sample.stored_chats()


def written(*chats: StoredChat, site: Site = sample.SITE, **more: object) -> Edition:
    values = {
        "figures": sample.figures(),
        "answered": {f"{FIRST.chat.id}/q1": 9},
        "trying": {},
        "upcoming": SECOND.chat,
    } | more
    return edition(Templates(), site, chats[0].chat.id, chats, **values)  # type: ignore[arg-type]


def test_an_edition_says_what_took_place() -> None:
    made = written(FIRST)
    assert made.subject == "#EdChat: Feedback that pupils use"
    assert made.paragraph == (
        "#EdChat talked about “Feedback that pupils use” (Thursday 7 January 2027, 20:00 London time). "
        "9 people gave 20 answers. https://chats.example.org/edchat/2027-01-07/"
    )
    assert "Q1 What does feedback look like in your room when nobody is watching? 9 answers." in made.text
    assert "Next: Starting a lesson well, Thursday 14 January 2027, 20:00 London time." in made.text
    assert "write to chats@example.org" in made.text


def test_what_a_chat_was_worth_is_no_part_of_it() -> None:
    asked = Question("Was it worth it?", ("Yes", "No"), pulse=True)
    chat = msgspec.structs.replace(FIRST.chat, questions=(*FIRST.chat.questions, asked))
    assert written(msgspec.structs.replace(FIRST, chat=chat)) == written(FIRST)


@pytest.mark.parametrize("form", ["text", "html"])
def test_nobodys_words_names_or_handles_stand_in_it(form: str) -> None:
    said = getattr(written(FIRST), form)
    for answer in sample.content().answers:
        author = answer.post.author
        for theirs in filter(None, (answer.post.text.text, author.handle, author.name, author.url)):
            assert theirs not in said


class Loads(HTMLParser):
    """What a mail program would load, run or not know."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]


def test_the_html_is_simple_and_loads_nothing() -> None:
    page = Loads(written(FIRST).html)
    assert page.tags <= {"html", "head", "meta", "title", "body", "h1", "h2", "p", "ul", "li", "strong", "a", "hr"}
    assert page.attributes == {"lang", "dir", "charset", "href"}
    assert page.addresses == ["https://chats.example.org/edchat/2027-01-07/"]


def test_what_a_moderator_wrote_is_escaped_in_html_and_not_in_text() -> None:
    chat = msgspec.structs.replace(FIRST.chat, topic="Levels <b> & more")
    made = written(msgspec.structs.replace(FIRST, chat=chat))
    assert "Levels &lt;b&gt; &amp; more" in made.html
    assert "Levels <b> & more" in made.text


def test_a_subject_is_one_line() -> None:
    chat = msgspec.structs.replace(FIRST.chat, topic="Levels\r\nBcc: all@example.org")
    assert written(msgspec.structs.replace(FIRST, chat=chat)).subject == "#EdChat: Levels Bcc: all@example.org"


def test_an_edition_about_a_term_tells_of_each_chat() -> None:
    made = written(FIRST, SECOND, upcoming=None)
    assert made.subject == "#EdChat: what was said, 2 chats"
    assert "#EdChat: 2 chats, Thursday 7 January 2027 to Thursday 14 January 2027. 20 answers." in made.paragraph
    assert made.text.index("Feedback that pupils use") < made.text.index("Starting a lesson well")
    assert "Next:" not in made.text


@pytest.mark.parametrize("language", ["en", "cy", "de", "es", "fr"])
@pytest.mark.parametrize("tone", ["plain", "warm", "brief"])
def test_it_is_written_in_every_language_and_tone(language: str, tone: str) -> None:
    stored = sample.toned(language, tone, "live")  # type: ignore[arg-type]
    made = written(stored)
    assert made.language == language
    assert "2027" in made.paragraph
    assert "{" not in made.text


def test_without_an_address_there_is_no_link() -> None:
    made = written(FIRST, site=msgspec.structs.replace(sample.SITE, address=""))
    assert "http" not in made.text + made.html + made.paragraph


def test_an_own_template_may_replace_it(tmp_path: Path) -> None:
    (tmp_path / "newsletter").mkdir()
    (tmp_path / "newsletter/edition.txt.j2").write_text("Just {{ title }} & {{ '<' }}")
    made = edition(Templates(tmp_path), sample.SITE, "x", [FIRST], figures={}, answered={}, trying={}, upcoming=None)
    assert made.text == "Just #EdChat: Feedback that pupils use & <\n"


# -- which chats ---------------------------------------------------------------------------------------------------
def test_a_term_is_that_of_the_last_chat_that_is_over() -> None:
    terms = (Span(date(2027, 1, 1), date(2027, 1, 31)),)
    first, second = (
        msgspec.structs.replace(one, series=msgspec.structs.replace(one.series, terms=terms)) for one in (FIRST, SECOND)
    )
    before = msgspec.structs.replace(
        first, chat=msgspec.structs.replace(first.chat, date=date(2026, 12, 17), ends_at=AT - timedelta(days=20))
    )
    chats = (before, first, second)
    assert of_last_term(chats, AT) == ("edchat/2027-01-07-to-2027-01-07", (first,))
    assert of_last_term(chats, AT + timedelta(days=30))[1] == (first, second)
    gone = msgspec.structs.replace(second, cancelled=True)
    assert of_last_term((before, first, gone), AT + timedelta(days=30))[1] == (first,)
    assert of_last_term((second,), AT) == ("", ())


@pytest.mark.parametrize(
    ("first", "last", "within"),
    [
        (date(2027, 1, 7), date(2027, 1, 14), 2),
        (date(2027, 1, 8), date(2027, 1, 14), 1),
        (date(2027, 1, 7), date(2027, 1, 13), 1),  # the last chat lies behind it
        (date(2027, 1, 14), date(2027, 1, 14), 1),
    ],
)
def test_a_term_has_its_first_day_and_its_last(first: date, last: date, within: int) -> None:
    chats = sample.stored_chats(msgspec.structs.replace(sample.EDCHAT, terms=(Span(first, last),)))
    assert len(of_last_term(chats, AT + timedelta(days=30))[1]) == within


def test_without_terms_it_is_the_school_year_of_the_last_chat() -> None:
    first, second = sample.stored_chats(msgspec.structs.replace(sample.EDCHAT, terms=()))
    begun, before = (
        msgspec.structs.replace(first, chat=msgspec.structs.replace(first.chat, date=day, ends_at=AT))
        for day in (date(2026, 9, 1), date(2026, 8, 31))
    )
    assert of_last_term((before, begun, second), AT + timedelta(days=30)) == (
        "edchat/2026-09-01-to-2027-01-14",
        (begun, second),
    )


# -- the list ------------------------------------------------------------------------------------------------------
def test_a_list_has_one_address_a_line_each_once_and_comments() -> None:
    text = "# staff\nhead@school.example\r\n\n Head@School.example # twice\nsenco@school.example  # SENCO\n"
    assert read_addresses(text) == (("head@school.example", "senco@school.example"), ())


@pytest.mark.parametrize(
    "line",
    [
        "a b@c.example",
        "a@b",
        "a@b.example, c@d.example",
        "Ann <a@b.example>",
        "a@b.example\0",
        "ü@b.example",
        "x" * 300,
    ],
)
def test_a_line_that_is_no_address_is_told_by_its_number(line: str) -> None:
    assert read_addresses(f"ok@b.example\n{line}\n") == (("ok@b.example",), (2,))


@pytest.mark.parametrize(("characters", "good"), [(254, True), (255, False)])
def test_an_address_is_as_long_as_mail_allows(characters: int, good: bool) -> None:
    address = "@school.example".rjust(characters, "x")
    assert read_addresses(address) == (((address,), ()) if good else ((), (1,)))


def test_an_address_is_known_however_it_is_written() -> None:
    assert plain_address("\tHead@School.Example ") == "head@school.example"


def test_taking_one_off_leaves_every_other_line() -> None:
    text = "# staff\nHead@School.example # twice\nsenco@school.example\nxhead@school.example"
    assert without_address(text, " head@school.example") == "# staff\nsenco@school.example\nxhead@school.example"


def test_a_list_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "newsletter.txt"
    file.write_text("head@school.example\n")
    file.chmod(0o640)
    with pytest.raises(UserError, match=r"chmod 600 newsletter\.txt") as caught:
        read_recipients(file)
    assert "head@" not in str(caught.value)
    file.chmod(0o600)
    assert read_recipients(file) == ("head@school.example",)
    with pytest.raises(UserError, match="cannot be read"):
        read_recipients(tmp_path / "nothing.txt")
    file.write_text("head@school.example\nhead at school\n")
    with pytest.raises(UserError, match="line 2") as caught:
        read_recipients(file)
    assert "head" not in str(caught.value)


def test_a_list_stays_closed_when_somebody_is_taken_off(tmp_path: Path) -> None:
    file = tmp_path / "newsletter.txt"
    file.write_text("a@b.example\nc@d.example\n")
    file.chmod(0o600)
    assert remove_recipient(file, "A@b.example")
    assert file.read_text() == "c@d.example\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert not remove_recipient(file, "a@b.example")
    assert [one.name for one in tmp_path.iterdir()] == ["newsletter.txt"]


def test_what_a_killed_process_left_of_a_list_goes_after_a_day(tmp_path: Path) -> None:
    file, others = tmp_path / "newsletter.txt", tmp_path / "newsletter.txt.bak"
    old, new = tmp_path / ".newsletter.txt.old", tmp_path / ".newsletter.txt.new"
    for one in (file, others, old, new):
        one.write_text("a@b.example\n")
        one.chmod(0o600)
    for one in (others, old):
        os.utime(one, (0, time.time() - 25 * 3600))
    assert remove_recipient(file, "a@b.example")
    assert sorted(tmp_path.iterdir()) == [new, file, others]


# -- a letter ------------------------------------------------------------------------------------------------------
ENVELOPE = Envelope(
    subject="#EdChat: Ärger & mehr",
    text="Worte mit ü, und eine Zeile, die länger ist, als eine Zeile in einer Mail sein dürfte: " + "ja " * 400,
    html="<p>Worte mit ü</p>",
    language="de",
    title="Lehrerzimmer",
    sender="chats@chats.example.org",
    replies="team@example.org",
    one_click="https://example.org/a/rather/long/address/that/no/header/may/fold/unsubscribe",
    list_name="edchat",
)
LETTER = Letter(letter_id("edchat/2027-01-07", "f" * 24), "edchat/2027-01-07", "f" * 24, "head@school.example", AT)


def letters(envelope: Envelope = ENVELOPE) -> SmtpLetters:
    return SmtpLetters(SmtpMail(server="127.0.0.1", port=25, sender=envelope.sender), envelope)


def read_again(mail: EmailMessage) -> EmailMessage:
    return message_from_bytes(mail.as_bytes(policy=mail.policy.clone(linesep="\r\n")), policy=default)  # type: ignore[arg-type]


def test_a_letter_says_the_same_in_two_forms_to_one_recipient() -> None:
    mail = read_again(letters().mail(LETTER))
    assert mail.get_content_type() == "multipart/alternative"
    plain, rich = mail.iter_parts()
    assert (plain.get_content_type(), rich.get_content_type()) == ("text/plain", "text/html")
    assert plain.get_content().rstrip("\r\n") == ENVELOPE.text
    assert rich.get_content().rstrip("\r\n") == ENVELOPE.html
    assert mail["Subject"] == ENVELOPE.subject
    assert str(mail["To"]) == "head@school.example"
    assert mail["Cc"] is None
    assert mail["Bcc"] is None
    assert mail["Reply-To"] == "team@example.org"
    assert mail["List-Id"] == "<edchat.chats.example.org>"


def test_a_letter_can_be_ended_at_one_click() -> None:
    raw = letters().mail(LETTER).as_bytes(policy=SMTP.clone(max_line_length=998))
    one_click = f"<{ENVELOPE.one_click}?t={LETTER.person}>"
    assert f"List-Unsubscribe: {one_click}, <mailto:team@example.org?subject=unsubscribe>\r\n".encode() in raw
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw
    assert b"head%40" not in raw


def test_without_an_https_address_no_one_click_is_promised() -> None:
    assert list(unsubscribe_headers("team@example.org", "", "f")) == [
        ("List-Unsubscribe", "<mailto:team@example.org?subject=unsubscribe>")
    ]
    ((_, link), _) = unsubscribe_headers("team@example.org", "https://example.org/u?list=1", "f")
    assert link.startswith("<https://example.org/u?list=1&t=f>, ")


def test_a_letter_has_the_same_id_in_every_version_so_that_nobody_gets_it_twice() -> None:
    assert letter_id("edchat/2027-01-07", "f" * 24) == "640db5fb345adc603456b3a4c53c506e"
    assert letter_id("edchat/2027-01-14", "f" * 24) != LETTER.id != letter_id("edchat/2027-01-07", "e" * 24)


def test_the_same_letter_is_the_same_mail() -> None:
    assert letters().mail(LETTER).as_bytes() == letters().mail(LETTER).as_bytes()
    other = msgspec.structs.replace(LETTER, id="0" * 32)
    assert letters().mail(other)["Message-ID"] != letters().mail(LETTER)["Message-ID"]


def test_no_line_of_a_mail_is_longer_than_mails_may_be() -> None:
    for line in letters().mail(LETTER).as_bytes(policy=SMTP.clone(max_line_length=998)).split(b"\r\n"):
        assert len(line) <= 998
    body = multipart(ENVELOPE, AT).as_bytes().split(b"\n\n", 1)[1]
    assert max(map(len, body.split(b"\n"))) <= 78
