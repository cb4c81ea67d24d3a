"""Links in letters, opened in a real browser."""

import pytest
from playwright.async_api import Page, expect

from models.mail import Purpose
from tests.conftest import PASSWORD, MakePerson
from utils import passwords, tokens, users

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
NEW = "another long pass phrase"


async def test_a_new_password_is_chosen_on_the_page_once(page: Page, person: MakePerson, faults: list[str]) -> None:
    ada = await person("ada")
    token = await tokens.issue(Purpose.RESET_PASSWORD, ada, ada.email)

    await page.goto(f"/reset-password?token={token}")
    await page.get_by_label("New password").fill(NEW)
    await page.get_by_role("button").click()
    await expect(page.get_by_role("status")).to_have_text("The password is changed. Sign in with it.")

    held = (await users.get(ada.get_id())).password_hash
    assert "token" not in page.url
    assert (await passwords.verify(NEW, held))[0]
    assert not (await passwords.verify(PASSWORD, held))[0]

    await page.goto(f"/reset-password?token={token}")
    await page.get_by_label("New password").fill(NEW)
    await page.get_by_role("button").click()
    await expect(page.get_by_role("status")).to_contain_text("was used, has expired")
    faults.clear()  # the browser reports the refusal


async def test_an_address_is_confirmed_with_one_click(page: Page, person: MakePerson) -> None:
    ada = await person("ada")
    token = await tokens.issue(Purpose.VERIFY_ADDRESS, ada, ada.email)

    await page.goto(f"/verify-email?token={token}")
    await page.get_by_role("button", name="Confirm the address").click()
    await expect(page.get_by_role("status")).to_have_text("Thank you: the address is confirmed.")

    assert (await users.get(ada.get_id())).email_verified
