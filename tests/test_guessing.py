"""Wrong passwords: counted in the store, answered alike, and never to the harm of the owner."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from httpx import ASGITransport, AsyncClient, Response

from app import app
from config import db
from models.auth import Caller
from models.commons import now
from models.exceptions import TooManyLogins
from models.users import UserAdminUpdate
from tests.conftest import PASSWORD, Bearer
from utils import attempts, users

Person = Callable[..., Any]
PAIR = attempts.PAIR.free


async def guess(api: AsyncClient, email: str = "ada@example.org", password: str = "not the password") -> Response:
    return await api.post("/v1/auth/login", json={"email": email, "password": password})


async def few_at_a_time(guesses: list[Coroutine[Any, Any, Response]]) -> list[Response]:
    """All at once would take a busy machine longer than a request may take."""
    answers: list[Response] = []
    for start in range(0, len(guesses), 10):
        answers += await asyncio.gather(*guesses[start : start + 10])
    return answers


@pytest.fixture
async def elsewhere(api: AsyncClient) -> AsyncIterator[Callable[[str], AsyncClient]]:
    """Clients at other addresses: `elsewhere("198.51.100.7")`."""
    opened: list[AsyncClient] = []

    def at(address: str) -> AsyncClient:
        opened.append(AsyncClient(transport=ASGITransport(app, client=(address, 1)), base_url="http://test"))
        return opened[-1]

    yield at
    for client in opened:
        await client.aclose()


def said(answer: Response) -> tuple[int, dict[str, Any], list[str]]:
    """All that an answer tells, apart from the names of requests."""
    problem = {key: value for key, value in answer.json().items() if key != "request_id"}
    return answer.status_code, problem, sorted(set(answer.headers) - {"date"})


async def test_unknown_wrong_and_suspended_answer_alike(api: AsyncClient, person: Person) -> None:
    await person("ada")
    gone = await person("sus")
    await users.change_as_admin(gone.get_id(), UserAdminUpdate(suspended=True))

    answers = [
        await guess(api, "nobody@example.org"),
        await guess(api, "ada@example.org"),
        await guess(api, "sus@example.org", PASSWORD),
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert said(answers[0]) == said(answers[1]) == said(answers[2])
    assert answers[0].json()["type"] == "/problems/wrong-credentials"


@pytest.mark.parametrize("email", ["ada@example.org", "nobody@example.org"])
async def test_after_some_wrong_passwords_one_waits_whether_the_account_exists_or_not(
    api: AsyncClient, person: Person, email: str
) -> None:
    await person("ada")

    with time_machine.travel(now(), tick=False):
        answers = [await guess(api, email) for _ in range(PAIR + 1)]

    assert [answer.status_code for answer in answers] == [401] * PAIR + [429]
    assert answers[-1].json()["type"] == "/problems/too-many-logins"
    assert answers[-1].headers["retry-after"] == "1"


async def test_the_right_password_is_not_told_while_one_waits(api: AsyncClient, person: Person) -> None:
    await person("ada")
    with time_machine.travel(now(), tick=False):
        for _ in range(PAIR):
            await guess(api)
        waiting = await guess(api, password=PASSWORD)
    with time_machine.travel(now() + timedelta(seconds=2), tick=True):
        later = await guess(api, password=PASSWORD)

    assert (waiting.status_code, later.status_code) == (429, 200)


async def test_the_wait_doubles_up_to_a_bound(api: AsyncClient, person: Person) -> None:
    await person("ada")
    for _ in range(PAIR - 1):
        await guess(api)

    waits, moment = [], now()
    for _ in range(13):
        with time_machine.travel(moment, tick=False):
            assert (await guess(api)).status_code == 401
            refused = await guess(api)
            waits.append(int(refused.headers["retry-after"]))
        moment += timedelta(seconds=waits[-1])

    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


async def test_rivals_get_no_more_tries_than_one_alone(api: AsyncClient, person: Person) -> None:
    await person("ada")

    with time_machine.travel(now(), tick=False):
        answers = await asyncio.gather(*(guess(api) for _ in range(40)))

    assert Counter(answer.status_code for answer in answers) == {401: PAIR, 429: 40 - PAIR}


async def test_many_logins_with_the_right_password_at_once_all_succeed(api: AsyncClient, person: Person) -> None:
    await person("ada")

    answers = await asyncio.gather(*(guess(api, password=PASSWORD) for _ in range(30)))

    assert Counter(answer.status_code for answer in answers) == {200: 30}


async def test_a_login_forgets_the_mistakes_before_it(api: AsyncClient, person: Person) -> None:
    await person("ada")

    for _ in range(3):
        for _ in range(PAIR - 1):
            await guess(api)
        assert (await guess(api, password=PASSWORD)).status_code == 200


async def test_a_stranger_elsewhere_makes_nobody_wait(
    api: AsyncClient, person: Person, elsewhere: Callable[[str], AsyncClient]
) -> None:
    await person("ada")
    stranger = elsewhere("198.51.100.7")
    for _ in range(PAIR + 3):
        await guess(stranger)

    answer = await guess(api, password=PASSWORD)

    assert answer.status_code == 200


async def test_a_device_that_signed_in_before_passes_whatever_strangers_do_beside_it(
    api: AsyncClient, person: Person
) -> None:
    await person("ada")
    device = (await guess(api, password=PASSWORD)).cookies["underline_device"]
    api.cookies.clear()
    with time_machine.travel(now(), tick=False):
        for _ in range(PAIR + 1):
            stranger = await guess(api)

        owner = await api.post(
            "/v1/auth/login",
            json={"email": "ada@example.org", "password": PASSWORD},
            headers={"Cookie": f"underline_device={device}"},
        )

    assert (stranger.status_code, owner.status_code) == (429, 200)


async def test_guessing_at_one_account_from_everywhere_slows_down_and_spares_known_places(
    api: AsyncClient, person: Person, elsewhere: Callable[[str], AsyncClient]
) -> None:
    await person("ada")
    await guess(api, password=PASSWORD)
    api.cookies.clear()
    with time_machine.travel(now(), tick=False):
        mistakes = [guess(elsewhere(f"198.51.100.{number}")) for number in range(attempts.ACCOUNT.free)]
        await few_at_a_time(mistakes)

        new_place = await guess(elsewhere("203.0.113.1"), password=PASSWORD)
        known_place = await guess(api, password=PASSWORD)

    assert (new_place.status_code, new_place.headers["retry-after"]) == (429, "1")
    assert known_place.status_code == 200


async def test_guessing_at_many_accounts_from_one_address_slows_down(
    person: Person, elsewhere: Callable[[str], AsyncClient]
) -> None:
    await person("ada")
    stranger = elsewhere("198.51.100.7")
    with time_machine.travel(now(), tick=False):
        mistakes = [guess(stranger, f"a{number}@example.org") for number in range(attempts.SOURCE.free)]
        answers = await few_at_a_time(mistakes)
        one_more = await guess(stranger, "somebody@example.org")

    assert Counter(answer.status_code for answer in answers) == {401: attempts.SOURCE.free}
    assert one_more.status_code == 429


async def test_addresses_of_one_ipv6_customer_are_one_source(
    person: Person, elsewhere: Callable[[str], AsyncClient]
) -> None:
    await person("ada")

    with time_machine.travel(now(), tick=False):
        answers = [await guess(elsewhere(f"2001:db8::{number + 1:x}")) for number in range(PAIR + 1)]

    assert answers[-1].status_code == 429
    assert (await guess(elsewhere("2001:db8:0:1::1"))).status_code == 401


async def test_no_address_and_no_name_stands_in_the_counts(api: AsyncClient, person: Person) -> None:
    await person("ada")
    await guess(api)
    await guess(api, password=PASSWORD)

    stored = str([document async for document in db.collection(attempts.COLLECTION).find()])

    assert "ada@" not in stored
    assert "example.org" not in stored
    assert "127.0.0" not in stored


async def test_the_counts_are_forgotten_after_a_day(api: AsyncClient, person: Person) -> None:
    await person("ada")
    for _ in range(PAIR):
        await guess(api)

    with time_machine.travel(now() + attempts.PAIR.memory + timedelta(minutes=1), tick=True):
        answers = [await guess(api) for _ in range(PAIR)]

    assert [answer.status_code for answer in answers] == [401] * PAIR


async def test_confirming_with_a_password_is_counted_too(api: AsyncClient, bearer: Bearer) -> None:
    headers = await bearer("ada")
    form = {"current_password": "not the password", "new_password": "another good pass phrase"}

    with time_machine.travel(now(), tick=False):
        answers = [await api.put("/v1/users/me/password", json=form, headers=headers) for _ in range(PAIR + 1)]

    assert [answer.status_code for answer in answers] == [403] * PAIR + [429]


async def test_an_owner_who_proved_himself_otherwise_waits_no_longer_for_strangers(api: AsyncClient) -> None:
    strangers = [Caller(address=f"198.51.100.{number}") for number in range(attempts.ACCOUNT.free)]
    with time_machine.travel(now(), tick=False):
        for stranger in strangers:
            await attempts.failed(await attempts.admit("ada@example.org", stranger))
        with pytest.raises(TooManyLogins):
            await attempts.admit("ada@example.org", Caller(address="203.0.113.1"))

        await attempts.forgive("ada@example.org")

        assert not (await attempts.admit("ada@example.org", Caller(address="203.0.113.1"))).familiar
