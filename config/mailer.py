"""How a finished message leaves: printed, written into a folder, or handed to an SMTP server, as `MAIL_URL` says."""

import asyncio
import os
import sys
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiosmtplib

from config.main import Settings, settings

TIMEOUT_S = 30
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PERMANENT = range(500, 600)


class NotDelivered(Exception):
    """The message did not leave; a later attempt may succeed.

    Attributes:
        for_good: whether there is no point in trying again.
    """

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        """Say why, without any address."""
        super().__init__(reason)
        self.for_good = for_good


async def post(message: EmailMessage, chosen: Settings = settings) -> None:
    """Let a message go, in at most `TIMEOUT_S` seconds.

    Raises:
        NotDelivered: it did not leave.
    """
    url = chosen.mail_url.get_secret_value()
    scheme = urlsplit(url).scheme
    if scheme == "console":
        _print(message, chosen)
    elif scheme == "file":
        await asyncio.to_thread(_write, message, Path(unquote(urlsplit(url).path)))
    else:
        await _hand_over(message, url)


def _print(message: EmailMessage, chosen: Settings) -> None:
    """Show the message to whoever runs the service on his own machine; a deployment's output is a log."""
    if chosen.hosted:
        raise NotDelivered("MAIL_URL is not set: letters wait until it is")
    text = message.get_body(("plain",))
    head = f"To: {message['To']}\nSubject: {message['Subject']}"
    sys.stdout.write(f"\n{head}\n\n{text.get_content() if text else ''}\n")
    sys.stdout.flush()


def _write(message: EmailMessage, folder: Path) -> None:
    """One file per Message-ID: a second attempt replaces the first."""
    name = message["Message-ID"].strip("<>").partition("@")[0]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{name}.{os.getpid()}"
        draft.write_bytes(message.as_bytes(policy=SMTP.clone(utf8=True)))
        draft.replace(folder / f"{name}.eml")
    except OSError as error:
        raise NotDelivered(f"the folder cannot be written: {error.strerror}") from error


async def _hand_over(message: EmailMessage, url: str) -> None:
    server = urlsplit(url)
    secure = server.scheme == "smtps"
    trusted = server.username is None or server.hostname in _LOOPBACK
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await aiosmtplib.send(
                message,
                hostname=server.hostname,
                port=server.port or (465 if secure else 587 if server.username else 25),
                username=unquote(server.username) if server.username else None,
                password=unquote(server.password) if server.password else None,
                use_tls=secure,
                start_tls=False if secure else None if trusted else True,  # no password travels in the clear
                timeout=TIMEOUT_S,
            )
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        raise NotDelivered(type(error).__name__, for_good=_refused_for_good(error)) from error


def _refused_for_good(error: Exception) -> bool:
    """Whether the server knows the recipient not to exist; anything else may be a matter of time."""
    refusals = error.recipients if isinstance(error, aiosmtplib.SMTPRecipientsRefused) else [error]
    return all(
        isinstance(refusal, aiosmtplib.SMTPRecipientRefused) and refusal.code in _PERMANENT for refusal in refusals
    )
