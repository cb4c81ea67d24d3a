"""Reading what the service sent: files of the `file:` transport, and a real SMTP server on loopback."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from config import tasks
from config.main import settings

FOLDER = Path(urlsplit(settings.mail_url.get_secret_value()).path)


async def arrived(to: str, about: str = "") -> list[EmailMessage]:
    """The letters to an address, oldest first, whose subject contains `about`."""
    await tasks.settled()
    return [letter for letter in held() if letter["To"] == to and about in letter["Subject"]]


def held(folder: Path = FOLDER) -> list[EmailMessage]:
    """All letters in a folder, oldest first."""
    files = sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    return [read(path.read_bytes()) for path in files]


def throw_away() -> None:
    """Empty the folder."""
    for path in FOLDER.glob("*.eml"):
        path.unlink()


def read(raw: bytes) -> EmailMessage:
    """A message as its reader's program sees it."""
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(letter: EmailMessage, kind: str = "plain") -> str:
    """The plain or the HTML text."""
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def token_in(letter: EmailMessage) -> str:
    """What the link of a letter carries."""
    link = re.search(r"https?://\S+", text_of(letter))
    assert link is not None
    return parse_qs(urlsplit(link[0]).query)["token"][0]


class Inbox:
    """What an SMTP server does with what it is given: keeps it, unless `verdict` says otherwise."""

    def __init__(self) -> None:
        self.kept: list[EmailMessage] = []
        self.held_up = False  # as long as it is, no message is answered
        self.begun = 0
        self.cut_off: list[str] = []  # whom those were for whose sender went away meanwhile
        self.verdict: Callable[[Envelope], str] = lambda _envelope: "250 Kept"

    # pylint: disable=invalid-name  # aiosmtpd names these
    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # see above
        self.begun += 1
        try:
            while self.held_up:  # noqa: ASYNC110  # set from another thread
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            self.cut_off += envelope.rcpt_tos
            raise
        verdict = self.verdict(envelope)
        if verdict.startswith("2"):
            assert isinstance(envelope.content, bytes)
            self.kept.append(read(envelope.content))
        return verdict

    def to(self, address: str, about: str = "") -> list[EmailMessage]:
        """What it kept for an address, with `about` in its subject."""
        return [letter for letter in self.kept if letter["To"] == address and about in letter["Subject"]]

    async def handle_RCPT(  # noqa: N802  # see above
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("nobody"):
            return "550 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 Fine"


@asynccontextmanager
async def smtp_server(port: int, **options: Any) -> AsyncIterator[Inbox]:
    """A real SMTP server on loopback; yields its inbox."""
    inbox = Inbox()  # its methods run in the server's thread
    controller = Controller(inbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield inbox
    finally:
        controller.stop()
