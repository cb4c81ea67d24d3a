"""Letters: what they say, how they leave, and that none is lost or sent twice."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from httpx import AsyncClient
from pydantic import SecretStr

from config import db, mailer, tasks
from config.main import Settings, settings
from models.commons import now
from models.mail import Template
from models.users import Language, User, UserUpdate
from tests.letters import arrived, smtp_server, text_of
from utils import mail, users

Person = Callable[..., Awaitable[User]]
EVENT = {"title": "Sunset <yoga> & tea", "timezone": "Europe/Madrid", "place": "Parque\r\nBcc: eve@example.org"}


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def by_smtp(monkeypatch: pytest.MonkeyPatch, free_port: int) -> int:
    """Sends through an SMTP server at this port, which need not be there."""
    chosen = settings.model_copy(update={"mail_url": SecretStr(f"smtp://127.0.0.1:{free_port}")})
    monkeypatch.setattr(mailer.post, "__defaults__", (chosen,))
    return free_port


async def outbox() -> list[db.Document]:
    return await db.collection(mail.COLLECTION).find().to_list()


async def make_due() -> None:
    """Let the time until the next attempt pass."""
    await db.collection(mail.COLLECTION).update_many(
        {"next_attempt_at": {"$exists": True}}, {"$set": {"next_attempt_at": now() - timedelta(seconds=1)}}
    )


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("template", list(Template))
async def test_every_letter_is_written_in_every_language_as_text_and_html_from_one_source(
    api: AsyncClient, person: Person, template: Template, language: Language
) -> None:
    ada = await users.change((await person("ada")).get_id(), UserUpdate(language=language))

    await mail.send(template, ada.get_id(), {**EVENT, "starts_at": now(), "device": "Firefox"})

    (letter,) = await arrived(ada.email)
    plain, html = text_of(letter), text_of(letter, "html")
    assert letter["Subject"]
    assert plain.strip().count("\n\n") == html.count("<p>") - 1
    assert f'lang="{language}"' in html
    assert ("¡" in plain or "Hola" in plain) == (language is Language.SPANISH)


async def test_what_people_wrote_is_escaped_in_html_and_makes_no_header(api: AsyncClient, person: Person) -> None:
    ada = await person("ada")
    title = "<b>free</b>\r\nBcc: eve@example.org\r\n\r\n& more"

    await mail.send(Template.EVENT_CANCELLED, ada.get_id(), {**EVENT, "title": title, "starts_at": now()})

    (letter,) = await arrived(ada.email)
    assert letter["Subject"] == "Cancelled: <b>free</b> Bcc: eve@example.org & more"
    assert letter["Bcc"] is None
    assert "&lt;b&gt;free&lt;/b&gt; Bcc: eve@example.org &amp; more" in text_of(letter, "html")
    assert "<b>free</b> Bcc" in text_of(letter)


async def test_an_unproven_address_is_not_told_the_name_that_somebody_typed_in(
    api: AsyncClient, person: Person
) -> None:
    ada = await person("ada")

    await mail.send(Template.SIGNED_IN, ada.get_id(), {"device": "Firefox"})

    (letter,) = await arrived(ada.email)
    assert "Ada" not in letter.as_string()


async def test_a_letter_with_the_same_key_is_sent_once_however_often_it_is_asked_for(
    api: AsyncClient, person: Person
) -> None:
    ada = await person("ada")

    await asyncio.gather(*(mail.send(Template.PASSWORD_CHANGED, ada.get_id(), once_key="the cause") for _ in range(20)))
    await tasks.settled()
    await asyncio.gather(*(mail.deliver("the cause") for _ in range(20)), mail.sweep())

    assert len(await arrived(ada.email)) == 1
    assert [letter["attempts"] for letter in await outbox()] == [1]


async def test_a_transaction_that_fails_sends_nothing_and_one_that_succeeds_sends_once(
    api: AsyncClient, person: Person
) -> None:
    ada = await person("ada")

    async def cause(session: db.Transaction, fail: bool) -> None:
        await mail.send(Template.PASSWORD_CHANGED, ada.get_id(), once_key=f"fails {fail}", session=session)
        if fail:
            raise LookupError

    with pytest.raises(LookupError):
        await db.in_transaction(lambda session: cause(session, True))
    await db.in_transaction(lambda session: cause(session, False))
    await mail.sweep()

    assert [letter["_id"] for letter in await outbox()] == ["fails False"]
    assert len(await arrived(ada.email)) == 1


async def test_one_cause_reaches_many_people_once_each(api: AsyncClient, person: Person) -> None:
    people = [await person(name) for name in ("ada", "bob", "cleo")]

    async def everybody() -> AsyncIterator[str]:
        for user in people:
            yield user.get_id()

    for _ in range(2):
        await mail.send_to_all(
            Template.EVENT_CANCELLED, everybody(), {**EVENT, "starts_at": now()}, once_key="cancelled:1"
        )

    assert [len(await arrived(user.email)) for user in people] == [1, 1, 1]


async def test_a_mail_server_that_is_down_loses_nothing(api: AsyncClient, person: Person, by_smtp: int) -> None:
    ada = await person("ada")
    await mail.send(Template.PASSWORD_CHANGED, ada.get_id())
    await tasks.settled()
    (waiting,) = await outbox()

    async with smtp_server(by_smtp) as inbox:
        early = await mail.sweep()
        await make_due()
        late = await mail.sweep()

    (sent,) = await outbox()
    assert waiting["attempts"] == 1
    assert now() < waiting["next_attempt_at"] < now() + timedelta(minutes=1)
    assert (early, late) == (0, 1)
    assert [letter["To"] for letter in inbox.kept] == [ada.email]
    assert (sent["outcome"], sent["attempts"]) == ("sent", 2)


async def test_a_refusal_for_now_is_tried_again_and_one_for_good_is_not(
    api: AsyncClient, person: Person, by_smtp: int
) -> None:
    ada, nobody = await person("ada"), await person("nobody")
    async with smtp_server(by_smtp) as inbox:
        inbox.verdict = lambda _envelope: "451 Later"
        for user in (ada, nobody):
            await mail.send(Template.PASSWORD_CHANGED, user.get_id(), once_key=user.first_name)
        await tasks.settled()
        inbox.verdict = lambda _envelope: "250 Kept"
        await make_due()
        await mail.sweep()

    outcomes = {letter["_id"]: (letter["outcome"], letter["attempts"]) for letter in await outbox()}
    assert outcomes == {"Ada": ("sent", 2), "Nobody": ("refused", 1)}
    assert len(inbox.kept) == 1


async def test_a_process_that_died_at_it_leaves_the_letter_to_the_next(api: AsyncClient, person: Person) -> None:
    ada = await person("ada")
    await db.collection(mail.COLLECTION).insert_one(
        mail._draft(Template.PASSWORD_CHANGED, ada.get_id(), None, "the cause", None).model_dump()
    )
    await mail._claim("the cause")  # and dies here

    at_once = await mail.sweep()
    await make_due()
    after_the_lease = await mail.sweep()

    assert (at_once, after_the_lease) == (0, 1)
    assert len(await arrived(ada.email)) == 1


async def test_a_letter_that_never_leaves_is_given_up_after_days(
    api: AsyncClient, person: Person, by_smtp: int
) -> None:
    ada = await person("ada")
    await mail.send(Template.PASSWORD_CHANGED, ada.get_id())
    await tasks.settled()

    await db.collection(mail.COLLECTION).update_many({}, {"$set": {"created_at": now() - timedelta(days=6)}})
    await make_due()
    await mail.sweep()

    assert [letter["outcome"] for letter in await outbox()] == ["given up"]
    assert await mail.count_waiting(10) == 0


async def test_what_was_sent_leaves_neither_text_nor_address_behind(api: AsyncClient, person: Person) -> None:
    ada = await person("ada")

    await mail.send(Template.ADDRESS_CHANGED, ada.get_id(), {"title": "secret"}, address="old@example.org")
    letters = await arrived("old@example.org")

    (kept,) = await outbox()
    assert len(letters) == 1
    assert kept.keys() & {"address", "context", "next_attempt_at", "claim"} == set()


async def test_a_second_attempt_has_the_same_message_id(api: AsyncClient, person: Person, by_smtp: int) -> None:
    ada = await person("ada")
    async with smtp_server(by_smtp) as inbox:
        await mail.send(Template.PASSWORD_CHANGED, ada.get_id(), once_key="the cause")
        await tasks.settled()
        await db.collection(mail.COLLECTION).update_one(
            {"_id": "the cause"}, {"$set": {"next_attempt_at": now()}}
        )  # as if the process had died after the server's answer and before its own note
        await mail.deliver("the cause")

    assert len({letter["Message-ID"] for letter in inbox.kept}) == 1
    assert len(inbox.kept) == 2


async def test_a_deployment_without_a_mail_server_prints_no_letter(
    api: AsyncClient, person: Person, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hosted = settings.model_copy(update={"mail_url": SecretStr("console:"), "dyno": "web.1"})
    monkeypatch.setattr(mailer.post, "__defaults__", (hosted,))

    await mail.send(Template.PASSWORD_CHANGED, (await person("ada")).get_id())
    await tasks.settled()

    assert capsys.readouterr().out == ""
    assert await mail.count_waiting(10) == 1


async def test_on_ones_own_machine_letters_are_printed(
    api: AsyncClient, person: Person, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    local = settings.model_copy(update={"mail_url": SecretStr("console:")})
    monkeypatch.setattr(mailer.post, "__defaults__", (local,))

    await mail.send(Template.PASSWORD_CHANGED, (await person("ada")).get_id())
    await tasks.settled()

    assert "To: ada@example.org\nSubject: Your password was changed" in capsys.readouterr().out


@pytest.mark.parametrize("url", ["", "ftp://host", "file:", "smtp://", "mail.example.org"])
def test_a_mail_url_that_leads_nowhere_stops_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="MAIL_URL"):
        Settings(mail_url=SecretStr(url))
