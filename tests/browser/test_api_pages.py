"""The API pages work offline, under a strict policy, in a real browser."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from models.users import Role, User
from tests.conftest import PASSWORD
from tests.servers import serving

Person = Callable[..., Awaitable[User]]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


async def test_whatever_a_page_must_not_do_is_noticed(page: Page, faults: list[str]) -> None:
    await page.goto("/problems")

    await page.evaluate("document.body.append(Object.assign(new Image(), {src: 'https://elsewhere.example/x.png'}))")
    await page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'void 0'}))")
    await page.evaluate("new Promise((resolve) => setTimeout(resolve))")  # the reports come before

    assert any(fault.startswith("CSP: img-src") for fault in faults)
    assert any(fault.startswith("CSP: script-src-elem") for fault in faults)
    faults.clear()


async def test_swagger_ui_shows_every_operation(page: Page, server: str) -> None:
    await page.goto("/docs")

    await expect(page.get_by_role("heading", name="Underline API")).to_be_visible()
    await expect(page.locator("#api")).not_to_have_attribute("aria-busy", "true")
    described = (await (await page.request.get("/openapi.json")).json())["paths"].values()
    await expect(page.locator(".opblock")).to_have_count(sum(len(operations) for operations in described))


async def test_an_account_is_read_through_swagger_ui_after_authorizing(page: Page, person: Person) -> None:
    ada = await person("ada")
    await page.goto("/docs")

    await page.get_by_role("button", name="Authorize").first.click()
    await page.get_by_label("username:").fill(ada.email)
    await page.get_by_label("password:", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Apply given OAuth2 credentials").click()
    await expect(page.get_by_role("button", name="Remove authorization")).to_be_visible()
    await page.get_by_role("button", name="Close").first.click()
    read_me = page.locator("#operations-users-users_read_me")
    await read_me.locator(".opblock-summary-control").click()
    await read_me.get_by_role("button", name="Try it out").click()
    await read_me.get_by_role("button", name="Execute").click()

    answer = read_me.locator(".live-responses-table")
    await expect(answer.locator(".response-col_status").last).to_contain_text("200")
    await expect(answer.locator(".highlight-code").first).to_contain_text(f'"email": "{ada.email}"')


async def test_redoc_shows_every_tag_and_finds_operations_by_words(page: Page) -> None:
    await page.goto("/redoc")

    await expect(page.get_by_role("heading", name="Underline API")).to_be_visible()
    tags = (await (await page.request.get("/openapi.json")).json())["tags"]
    for tag in tags:
        await expect(page.locator(f'[data-section-id="tag/{tag["name"]}"]').first).to_be_attached()
    await page.get_by_placeholder("Search...").fill("register")
    await expect(page.get_by_role("search").get_by_text("Register", exact=True).first).to_be_visible()


async def test_problem_types_are_read_as_pages(page: Page) -> None:
    await page.goto("/problems")

    await page.get_by_role("link", name="The event is over or cancelled").click()

    await expect(page.get_by_role("heading", level=1)).to_have_text("The event is over or cancelled")
    await expect(page.get_by_text("409 Conflict")).to_be_visible()


async def test_where_the_pages_are_for_admins_an_admin_signs_in_on_them(
    page: Page, person: Person, faults: list[str]
) -> None:
    ada, root = await person("ada"), await person("root", Role.ADMIN)
    with serving(DOCS_ACCESS="admin") as base:
        await page.goto(f"{base}/docs")

        await _sign_in(page, ada.email, PASSWORD)
        await expect(page.get_by_role("alert")).to_have_text("That account is not an admin's.")
        await _sign_in(page, root.email, PASSWORD)

        await expect(page.get_by_role("heading", name="Underline API")).to_be_visible()
        await expect(page.get_by_role("form")).to_be_hidden()
    assert all(base in fault or "Failed to load resource" in fault for fault in faults)
    faults.clear()


async def _sign_in(page: Page, email: str, password: str) -> None:
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()
