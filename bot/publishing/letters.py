"""A newsletter as mail: one message in two forms (RFC 2046, section 5.1.4), one for each recipient, easy to end."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING

from bot.domain.letters import unsubscribe_headers

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.letters import Letter
    from bot.publishing.mail import SmtpMail


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is the same on every letter of an edition.

    Attributes:
        subject: one line.
        text: the whole as plain text.
        html: the whole as HTML.
        language: BCP 47.
        title: the sender's name as mail programs show it.
        sender: the sender's address; empty for a file that nobody sends.
        replies: whom answers reach.
        one_click: an https address that takes the wish to get no more; empty for none.
        list_name: names the newsletter for mail programs' filters, ``edchat``.
    """

    subject: str
    text: str
    html: str
    language: str
    title: str
    sender: str
    replies: str
    one_click: str
    list_name: str


def multipart(envelope: Envelope, at: datetime) -> EmailMessage:
    """A newsletter without a recipient; the same words at the same time give the same bytes."""
    mail = EmailMessage()
    mail["Subject"] = envelope.subject
    mail["Date"] = format_datetime(at)
    if envelope.sender:
        mail["From"] = Address(envelope.title, addr_spec=envelope.sender)
    if envelope.replies:
        mail["Reply-To"] = envelope.replies
    mail["Content-Language"] = envelope.language
    mail.set_content(envelope.text, cte="quoted-printable")
    mail.add_alternative(envelope.html, subtype="html", cte="quoted-printable")
    words = hashlib.sha256(f"{envelope.text}\0{envelope.html}".encode()).hexdigest()[:24]
    mail.set_boundary(f"=_staffroom_{words}")
    mail.policy = mail.policy.clone(max_line_length=998)  # an address in a header that is folded leads nowhere
    return mail


@dataclass(frozen=True, slots=True)
class SmtpLetters:
    """``ports.LetterMail`` over SMTP: every letter is a mail of its own, with a single recipient."""

    smtp: SmtpMail
    envelope: Envelope

    def prove(self) -> None:
        """Connect and log in, hand over nothing."""
        self.smtp.hand_over(None)

    def send_letter(self, letter: Letter) -> None:
        """See ``ports.LetterMail.send_letter``."""
        self.smtp.hand_over(self.mail(letter), letter.to)

    def mail(self, letter: Letter) -> EmailMessage:
        """A letter as a mail; the same letter gives the same mail, Message-ID included."""
        mail = multipart(self.envelope, letter.at)
        domain = self.envelope.sender.rpartition("@")[2]
        mail["To"] = letter.to
        mail["Message-ID"] = f"<{letter.id}@{domain}>"
        mail["List-Id"] = f"<{self.envelope.list_name}.{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        for name, value in unsubscribe_headers(self.envelope.replies, self.envelope.one_click, letter.person):
            mail[name] = value
        return mail
