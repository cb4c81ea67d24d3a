"""Writing a letter: one source per message and language becomes a plain and an HTML text."""

import re
from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from email_validator import validate_email
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from config.main import NAME, settings
from models.commons import now
from models.mail import Letter
from models.users import Language

_SOURCES = Path(__file__).parent / "letters"
_FRAME = Markup(
    '<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{subject}</title></head>'
    '<body style="font:16px/1.5 system-ui,sans-serif;color:#1b1f24;max-width:36em;margin:2em auto;padding:0 1em">'
    "{body}</body></html>"
)
_BUTTON = Markup('<a href="{url}" style="font-weight:600;color:#0a5bd3">{label}</a>')


def write(letter: Letter, address: str, language: Language, facts: Mapping[str, Any]) -> EmailMessage:
    """The message that a letter becomes.

    Args:
        letter: what it is about.
        address: where it goes.
        language: what its reader reads.
        facts: what its text tells; each value is kept to one line, and escaped in HTML.
    """
    source = f"{language}/{letter.template}.txt"
    told = {name: _one_line(value) for name, value in facts.items()}
    subject, _, plain = _environment(html=False).get_template(source).render(told).partition("\n\n")
    _, _, marked = _environment(html=True).get_template(source).render(told).partition("\n\n")
    message = EmailMessage(policy=SMTP)
    message["From"] = _sender()
    message["To"] = Address(addr_spec=_deliverable(address))
    message["Subject"] = subject
    message["Date"] = format_datetime(now())
    message["Message-ID"] = f"<{sha256(letter.get_id().encode()).hexdigest()[:40]}@{_host()}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine answers
    message.set_content(plain.strip() + "\n")
    message.add_alternative(_in_html(marked, subject, language), subtype="html")
    return message


@cache
def _environment(*, html: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_SOURCES),
        autoescape=html,  # noqa: S701  # off for plain text alone
        undefined=StrictUndefined,
    )
    environment.globals["button"] = _html_button if html else _plain_button
    environment.filters["wall_clock"] = _wall_clock
    environment.globals["service"] = NAME.removesuffix(" API")
    return environment


def _html_button(label: str, url: str) -> str:
    return _BUTTON.format(url=url, label=label)


def _plain_button(label: str, url: str) -> str:
    return f"{label}:\n{url}"


def _wall_clock(moment: datetime, timezone: str) -> str:
    """The time as it shows on the spot: numbers alone, the same in all languages."""
    return f"{moment.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M} ({timezone})"


def _in_html(marked: str, subject: str, language: Language) -> str:
    """Paragraphs are what blank lines part; the text was escaped when it was rendered."""
    paragraphs = [Markup("<p>{}</p>").format(Markup(part)) for part in re.split(r"\n{2,}", marked.strip())]  # noqa: S704
    return _FRAME.format(language=language, subject=escape(subject), body=Markup("\n").join(paragraphs))


def _one_line(value: object) -> object:
    return " ".join(value.split()) if isinstance(value, str) else value


def _deliverable(address: str) -> str:
    """The address as mail servers of any age take it: a domain in other letters is spelt in ASCII."""
    checked = validate_email(address, check_deliverability=False, test_environment=True)
    return checked.ascii_email or checked.normalized


def _sender() -> Address:
    return Address(NAME.removesuffix(" API"), addr_spec=settings.mail_from or f"no-reply@{_host()}")


def _host() -> str:
    return urlsplit(settings.public_url).hostname or "localhost"
