"""The pages that links in letters open."""

import pytest
from httpx import AsyncClient

from models.mail import Purpose
from tests.conftest import MakePerson
from tests.letters import arrived, text_of, token_in
from utils import tokens


@pytest.mark.parametrize("path", ["/verify-email", "/reset-password"])
async def test_a_link_opens_a_page_in_the_readers_language_that_keeps_the_token_to_itself(
    api: AsyncClient, path: str
) -> None:
    english = await api.get(path, params={"token": "q1b0u4Zk"})
    spanish = await api.get(path, params={"token": "q1b0u4Zk"}, headers={"Accept-Language": "es-ES,es;q=0.9"})

    assert (english.status_code, spanish.status_code) == (200, 200)
    assert '<html lang="en">' in english.text
    assert '<html lang="es">' in spanish.text
    assert "q1b0u4Zk" not in english.text
    assert english.headers["referrer-policy"] == "no-referrer"
    assert "form-action 'none'" in english.headers["content-security-policy"]


async def test_opening_a_link_uses_nothing_up(api: AsyncClient, person: MakePerson) -> None:
    await person("ada")
    await api.post("/v1/auth/password-reset", json={"email": "ada@example.org"})
    (letter,) = await arrived("ada@example.org")
    token = token_in(letter)

    opened = await api.get("/reset-password", params={"token": token})

    assert f"http://localhost:8000/reset-password?token={token}" in text_of(letter)
    assert opened.status_code == 200
    assert (await tokens.get(token, *Purpose)).user_id == (await person("ada")).get_id()
