"""The page that greets people: what is on, on a map and in a list."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Locator, Page, expect

from models.commons import now
from tests.conftest import EventWith

BEACH = {"title": "South Pointe Park", "latitude": 25.7651, "longitude": -80.1331}
CAMPUS = {"title": "Green Library", "latitude": 25.7572, "longitude": -80.3737}
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


def _titles(page: Page) -> Locator:
    return page.locator(".event h2")


def _marks(page: Page) -> Locator:
    return page.locator(".mark")


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1400, 900)])
async def test_coming_events_are_on_the_map_and_in_the_list(
    page: Page, event_with: EventWith, width: int, height: int
) -> None:
    await event_with(title="Sunset yoga", location=BEACH)
    await event_with(title="Study group", location=CAMPUS, starts_at=(now() + timedelta(hours=2)).isoformat())
    await event_with(title="Not decided yet", approved=False)
    await page.set_viewport_size({"width": width, "height": height})

    await page.goto("/")

    await expect(_titles(page)).to_have_text(["Study group", "Sunset yoga"])
    await expect(page.get_by_role("status")).to_have_text("2 events, soonest first")
    await expect(_marks(page)).to_have_count(2)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await expect(page.locator(".land")).to_have_attribute("d", re.compile(r"[\s\S]{100}"))  # it comes by itself
    for link in ["Try the API", "Reference", "OpenAPI", "Problem types"]:
        await expect(page.get_by_role("link", name=link)).to_be_visible()


async def test_text_of_strangers_is_shown_as_text(page: Page, event_with: EventWith) -> None:
    attack = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    await event_with(title='"&amp; Sunset', description=attack, location={**BEACH, "title": "'&quot;"})
    await page.goto("/")

    await expect(_titles(page)).to_have_text(['"&amp; Sunset'])
    await page.get_by_text("More", exact=True).click()
    await expect(page.locator(".description")).to_have_text(attack)
    await expect(page.locator(".place")).to_have_text("'&quot;")
    assert await page.locator("img:not(.picture), .event script").count() == 0


async def test_days_and_kinds_narrow_what_is_shown_and_the_address_keeps_them(
    page: Page, event_with: EventWith
) -> None:
    noon = now().astimezone(ZoneInfo("America/New_York")).replace(hour=12) + timedelta(days=3)
    for title, days, tag in (("Jazz", 0, "music_event"), ("Run", 0, "sport_event"), ("Opera", 2, "music_event")):
        start = noon + timedelta(days=days)
        await event_with(
            title=title, tags=[tag], starts_at=start.isoformat(), ends_at=(start + timedelta(hours=1)).isoformat()
        )
    await page.goto("/")
    await expect(_titles(page)).to_have_count(3)

    await page.get_by_label("Music").check(force=True)
    await expect(_titles(page)).to_have_text(["Jazz", "Opera"])
    await page.get_by_label("From", exact=True).fill(noon.date().isoformat())
    await page.get_by_label("To", exact=True).fill(noon.date().isoformat())

    await expect(_titles(page)).to_have_text(["Jazz"])
    await page.reload()
    await expect(_titles(page)).to_have_text(["Jazz"])
    await page.get_by_role("button", name="Clear").click()
    await expect(_titles(page)).to_have_count(3)
    await expect(page.get_by_role("button", name="Clear")).to_be_hidden()


async def test_words_find_what_begins_with_them(page: Page, event_with: EventWith) -> None:
    await event_with(title="Café Ñandutí")
    await event_with(title="Sunset yoga")
    await page.goto("/")
    await expect(_titles(page)).to_have_count(2)

    await page.get_by_role("searchbox", name="Words").fill("cafe ñan")

    await expect(_titles(page)).to_have_text(["Café Ñandutí"])
    await page.get_by_role("searchbox", name="Words").fill("nothing like it")
    await expect(page.get_by_role("status")).to_have_text("Nothing that fits is coming up.")
    await page.goto("/?q=yoga")
    await expect(_titles(page)).to_have_text(["Sunset yoga"])


async def test_the_map_narrows_the_list_to_what_it_shows_when_asked_to(page: Page, event_with: EventWith) -> None:
    await event_with(title="Sunset yoga", location=BEACH)
    await event_with(title="Study group", location=CAMPUS)
    await page.goto("/")
    await page.get_by_role("button", name="Show Study group on the map").click()
    await expect(_titles(page)).to_have_count(2)

    await page.get_by_label("Only what the map shows").check()

    await expect(_titles(page)).to_have_text(["Study group"])
    await expect(page.get_by_role("status")).to_have_text("1 event here, soonest first")
    for _ in range(5):
        await page.get_by_role("button", name="Zoom out").click()
    await expect(_titles(page)).to_have_count(2)


async def test_a_mark_tells_its_events_and_an_event_its_mark(page: Page, event_with: EventWith) -> None:
    await event_with(title="Sunset yoga", location=BEACH)
    await event_with(title="Study group", location=CAMPUS)
    await page.goto("/")

    await page.get_by_role("button", name="Sunset yoga", exact=True).click()
    await expect(page.locator(".picked")).to_contain_text("South Pointe Park")
    await expect(page.locator(".chosen h2")).to_have_text("Sunset yoga")
    await page.get_by_role("button", name="Show Study group on the map").click()

    await expect(page.locator(".picked")).to_contain_text("Green Library")
    await expect(page.locator(".chosen h2")).to_have_text("Study group")
    await expect(page.locator(".mark.chosen")).to_have_attribute("aria-label", "Study group")


async def test_an_event_is_taken_home_as_a_calendar_file(page: Page, event_with: EventWith) -> None:
    await event_with(title="Sunset yoga")
    await page.goto("/")

    async with page.expect_download() as downloading:
        await page.get_by_role("link", name="Add Sunset yoga to the calendar").click()

    assert "SUMMARY:Sunset yoga" in (await (await downloading.value).path()).read_text(encoding="utf-8")


async def test_the_map_is_moved_zoomed_and_read_from_the_keyboard(page: Page, event_with: EventWith) -> None:
    await event_with(title="Sunset yoga", location=BEACH)
    await event_with(title="Study group", location=CAMPUS)
    await page.goto("/")
    await expect(_marks(page)).to_have_count(2)
    canvas, scale = page.get_by_role("group", name="Map of the events"), page.locator(".scale span")
    at_first, whole = await scale.inner_text(), await _marks(page).first.get_attribute("transform")

    await canvas.focus()
    await page.keyboard.press("-")
    await page.keyboard.press("-")
    await page.keyboard.press("ArrowRight")
    await expect(scale).not_to_have_text(at_first)
    await page.keyboard.press("0")
    await expect(scale).to_have_text(at_first)
    await expect(_marks(page).first).to_have_attribute("transform", whole or "")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")

    await expect(page.locator(".picked")).to_be_visible()


async def test_events_at_one_place_are_one_mark_with_their_number(page: Page, event_with: EventWith) -> None:
    for hour in range(7):
        await event_with(title=f"Lap {hour}", location=BEACH, starts_at=(now() + timedelta(hours=hour)).isoformat())
    await page.goto("/")

    await expect(_marks(page)).to_have_count(1)
    await expect(_marks(page).locator("text")).to_have_text("7")
    await _marks(page).click()

    await expect(page.locator(".picked li")).to_have_count(6)
    await expect(page.locator(".picked")).to_contain_text("and 2 more here")


async def test_more_events_are_asked_for_page_by_page(page: Page, event_with: EventWith) -> None:
    for number in range(53):
        start = now() + timedelta(hours=1 + number)
        await event_with(
            title=f"Event {number}", starts_at=start.isoformat(), ends_at=(start + timedelta(hours=1)).isoformat()
        )
    await page.goto("/")
    await expect(page.get_by_role("status")).to_have_text("50+ events, soonest first")

    await page.get_by_role("button", name="More events").click()

    await expect(_titles(page)).to_have_text([f"Event {number}" for number in range(53)])
    await expect(page.get_by_role("button", name="More events")).to_be_hidden()


async def test_a_failure_is_told_and_can_be_tried_again(page: Page, event_with: EventWith, faults: list[str]) -> None:
    await event_with(title="Sunset yoga")
    await page.route("**/v1/events?*", lambda route: route.abort())
    await page.goto("/")
    await expect(page.get_by_role("status")).to_contain_text("could not be read")

    await page.unroute("**/v1/events?*")
    await page.get_by_role("button", name="Try again").click()

    await expect(_titles(page)).to_have_text(["Sunset yoga"])
    assert all("Failed to load resource" in fault for fault in faults)
    faults.clear()


async def test_nothing_coming_up_is_said(page: Page) -> None:
    await page.goto("/")

    await expect(page.get_by_role("status")).to_have_text("Nothing is coming up yet.")
