"""Confirming an address, changing it, choosing a new password: by links that come by mail."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from httpx import AsyncClient

from config import db
from models.commons import now
from models.users import User
from tests.conftest import PASSWORD, Bearer
from tests.letters import arrived, text_of, token_in
from utils import mail, tokens, users

Person = Callable[..., Awaitable[User]]
FORM = {"first_name": "Ada", "last_name": "Lovelace", "email": "Ada@example.org", "password": PASSWORD}
NEW = "another long pass phrase"


async def log_in(api: AsyncClient, password: str, email: str = "ada@example.org") -> int:
    return (await api.post("/v1/auth/login", json={"email": email, "password": password})).status_code


async def reset_token(api: AsyncClient, email: str = "ada@example.org") -> str:
    await api.post("/v1/auth/password-reset", json={"email": email})
    return token_in((await arrived(email, "Choose a new password"))[-1])


async def expire_tokens() -> None:
    await db.collection(tokens.COLLECTION).update_many({}, {"$set": {"expires_at": now() - timedelta(seconds=1)}})


async def test_the_letter_after_registering_confirms_the_address_once(api: AsyncClient) -> None:
    registered = await api.post("/v1/users", json=FORM)
    (letter,) = await arrived("Ada@example.org")
    link = {"token": token_in(letter)}

    first = await api.post("/v1/auth/verify-email", json=link)
    again = await api.post("/v1/auth/verify-email", json=link)

    assert registered.json()["email_verified"] is False
    assert first.status_code == 204
    assert (again.status_code, again.json()["type"]) == (422, "/problems/link-not-valid")
    assert (await users.get(registered.json()["id"])).email_verified


async def test_the_published_client_registers_people_who_get_the_same_letter(api: AsyncClient) -> None:
    await api.post("/users/register", json=FORM)

    assert len(await arrived("Ada@example.org", "Confirm your e-mail address")) == 1


async def test_a_token_is_kept_as_a_hash_alone(api: AsyncClient) -> None:
    await api.post("/v1/users", json=FORM)
    token = token_in((await arrived("Ada@example.org"))[0])

    for name in await db.database().list_collection_names():
        assert token not in str(await db.collection(name).find().to_list())


async def test_an_expired_link_opens_nothing(api: AsyncClient, person: Person) -> None:
    await person("ada")
    token = await reset_token(api)
    await expire_tokens()

    answer = await api.post("/v1/auth/password-reset/confirm", json={"token": token, "password": NEW})

    assert answer.status_code == 422
    assert await log_in(api, PASSWORD) == 200


async def test_a_link_of_one_purpose_opens_nothing_else(api: AsyncClient, person: Person) -> None:
    await api.post("/v1/users", json={**FORM, "email": "eve@example.org"})
    await person("ada")
    verifying, resetting = token_in((await arrived("eve@example.org"))[0]), await reset_token(api)

    answers = [
        await api.post("/v1/auth/password-reset/confirm", json={"token": verifying, "password": NEW}),
        await api.post("/v1/auth/verify-email", json={"token": resetting}),
    ]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert (await api.post("/v1/auth/verify-email", json={"token": verifying})).status_code == 204


async def test_a_reset_changes_the_password_ends_all_sessions_and_tells_the_owner(
    api: AsyncClient, bearer: Bearer, person: Person
) -> None:
    session = await bearer("ada")
    token = await reset_token(api)

    answer = await api.post("/v1/auth/password-reset/confirm", json={"token": token, "password": NEW})

    assert answer.status_code == 204
    assert (await api.get("/v1/users/me", headers=session)).status_code == 401
    assert (await log_in(api, PASSWORD), await log_in(api, NEW)) == (401, 200)
    assert len(await arrived("ada@example.org", "Your password was changed")) == 1
    assert (await users.get((await person("ada")).get_id())).email_verified


async def test_of_two_who_use_one_reset_link_one_succeeds(api: AsyncClient, person: Person) -> None:
    await person("ada")
    token = await reset_token(api)

    answers = await asyncio.gather(
        *(
            api.post("/v1/auth/password-reset/confirm", json={"token": token, "password": f"{NEW} {number}"})
            for number in range(4)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [204, 422, 422, 422]


async def test_a_password_that_is_refused_leaves_the_link_good(api: AsyncClient, person: Person) -> None:
    await person("ada")
    token = await reset_token(api)

    refused = await api.post("/v1/auth/password-reset/confirm", json={"token": token, "password": "password1"})
    accepted = await api.post("/v1/auth/password-reset/confirm", json={"token": token, "password": NEW})

    assert (refused.json()["type"], refused.json()["errors"][0]["pointer"]) == (
        "/problems/common-password",
        "/password",
    )
    assert accepted.status_code == 204


async def test_asking_for_a_reset_answers_and_does_the_same_for_an_address_that_nobody_has(
    api: AsyncClient, person: Person
) -> None:
    await person("ada")

    known = await api.post("/v1/auth/password-reset", json={"email": "ADA@example.org"})
    unknown = await api.post("/v1/auth/password-reset", json={"email": "nobody@example.org"})

    written = await db.collection(mail.COLLECTION).count_documents({})
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content) == (202, b"")
    assert written == 2
    assert len(await arrived("ada@example.org")) == 1
    assert await arrived("nobody@example.org") == []


async def test_a_reset_letter_goes_to_the_address_of_the_account_not_to_the_one_typed(
    api: AsyncClient, person: Person
) -> None:
    await users.change_address((await person("ada")).get_id(), "strasse@example.org")

    await api.post("/v1/auth/password-reset", json={"email": "straße@example.org"})

    assert len(await arrived("strasse@example.org")) == 1


async def test_asking_again_at_once_sends_no_second_letter(api: AsyncClient, person: Person) -> None:
    await person("ada")

    for _ in range(3):
        await api.post("/v1/auth/password-reset", json={"email": "ada@example.org"})

    assert len(await arrived("ada@example.org")) <= 2  # two where the window ends in between


async def test_an_address_changes_when_its_reader_opens_the_link_and_the_old_one_is_told(
    api: AsyncClient, bearer: Bearer
) -> None:
    ada = await bearer("ada")
    form = {"email": "lovelace@example.org", "password": PASSWORD}

    asked = await api.put("/v1/users/me/email", json=form, headers=ada)
    between = (await api.get("/v1/users/me", headers=ada)).json()["email"]
    (link,) = await arrived("lovelace@example.org")
    confirmed = await api.post("/v1/auth/verify-email", json={"token": token_in(link)})

    me = (await api.get("/v1/users/me", headers=ada)).json()
    subjects = [letter["Subject"] for letter in await arrived("ada@example.org")]
    assert (asked.status_code, between, confirmed.status_code) == (202, "ada@example.org", 204)
    assert (me["email"], me["email_verified"]) == ("lovelace@example.org", True)
    assert subjects == ["Your e-mail address is about to change", "Your e-mail address was changed"]
    assert (await log_in(api, PASSWORD), await log_in(api, PASSWORD, "lovelace@example.org")) == (401, 200)


async def test_an_address_change_wants_the_password(api: AsyncClient, bearer: Bearer) -> None:
    form = {"email": "lovelace@example.org", "password": "not the password"}

    answer = await api.put("/v1/users/me/email", json=form, headers=await bearer("ada"))

    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/wrong-password")
    assert await arrived("lovelace@example.org") == []


async def test_a_taken_address_is_neither_told_nor_written_to(api: AsyncClient, bearer: Bearer, person: Person) -> None:
    await person("bob")
    form = {"email": "BOB@example.org", "password": PASSWORD}

    answer = await api.put("/v1/users/me/email", json=form, headers=await bearer("ada"))

    assert (answer.status_code, answer.content) == (202, b"")
    assert await arrived("BOB@example.org") == await arrived("bob@example.org") == []
    assert len(await arrived("ada@example.org")) == 1


async def test_an_address_that_is_taken_meanwhile_stays_its_holders(
    api: AsyncClient, bearer: Bearer, person: Person
) -> None:
    ada = await bearer("ada")
    await api.put("/v1/users/me/email", json={"email": "bob@example.org", "password": PASSWORD}, headers=ada)
    (link,) = await arrived("bob@example.org")
    await person("bob")

    answer = await api.post("/v1/auth/verify-email", json={"token": token_in(link)})

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/email-taken")
    assert (await api.get("/v1/users/me", headers=ada)).json()["email"] == "ada@example.org"


@pytest.mark.parametrize("how", ["by reset", "by the old one"])
async def test_a_new_password_makes_the_links_useless_that_were_asked_for_before(
    api: AsyncClient, bearer: Bearer, how: str
) -> None:
    ada = await bearer("ada")
    await api.put("/v1/users/me/email", json={"email": "eve@example.org", "password": PASSWORD}, headers=ada)
    changing, resetting = token_in((await arrived("eve@example.org"))[0]), await reset_token(api)

    if how == "by reset":
        used = await reset_token_again(api)
        await api.post("/v1/auth/password-reset/confirm", json={"token": used, "password": NEW})
    else:
        form = {"current_password": PASSWORD, "new_password": NEW}
        await api.put("/v1/users/me/password", json=form, headers=ada)

    answers = [
        await api.post("/v1/auth/verify-email", json={"token": changing}),
        await api.post("/v1/auth/password-reset/confirm", json={"token": resetting, "password": NEW}),
    ]
    assert [answer.status_code for answer in answers] == [422, 422]


async def reset_token_again(api: AsyncClient) -> str:
    """A second link, although one was asked for a moment ago."""
    await db.collection(mail.COLLECTION).delete_many({})
    return await reset_token(api)


async def test_a_changed_address_makes_the_reset_links_useless_that_the_old_one_got(
    api: AsyncClient, bearer: Bearer
) -> None:
    ada = await bearer("ada")
    token = await reset_token(api)
    await api.put("/v1/users/me/email", json={"email": "lovelace@example.org", "password": PASSWORD}, headers=ada)
    (link,) = await arrived("lovelace@example.org")
    await api.post("/v1/auth/verify-email", json={"token": token_in(link)})

    answer = await api.post("/v1/auth/password-reset/confirm", json={"token": token, "password": NEW})

    assert answer.status_code == 422


async def test_the_present_address_gets_its_first_link_again(api: AsyncClient, bearer: Bearer) -> None:
    form = {"email": "ada@example.org", "password": PASSWORD}

    await api.put("/v1/users/me/email", json=form, headers=await bearer("ada"))

    (letter,) = await arrived("ada@example.org", "Confirm your e-mail address")
    assert (await api.post("/v1/auth/verify-email", json={"token": token_in(letter)})).status_code == 204


async def test_a_sign_in_from_a_new_device_and_place_is_told_and_the_first_is_not(
    api: AsyncClient, person: Person
) -> None:
    await person("ada")
    await log_in(api, PASSWORD)
    await db.collection("login_attempts").delete_many({})  # no device and no place is known any more
    api.cookies.clear()

    await api.post(
        "/v1/auth/login",
        json={"email": "ada@example.org", "password": PASSWORD},
        headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
    )

    (letter,) = await arrived("ada@example.org")
    assert letter["Subject"] == "A new sign-in to your account"
    assert "Firefox on Linux" in text_of(letter)
