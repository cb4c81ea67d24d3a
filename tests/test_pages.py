"""What people open in a browser, as answers over HTTP; tests/browser looks at them through Chromium."""

from datetime import datetime, timedelta

import pytest
from httpx import AsyncClient

from config.main import DocsAccess, settings
from models.commons import now
from models.problems import catalogue
from models.users import Role
from tests.conftest import Bearer

HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
JSON = {"Accept": "application/json"}
API_PAGES = ["/docs", "/redoc", "/openapi.json"]


@pytest.fixture
def docs_access(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The pages under another DOCS_ACCESS."""
    access = DocsAccess(request.param)
    monkeypatch.setattr("routes.pages.settings", settings.model_copy(update={"docs_access": access}))


async def test_the_root_says_what_answers_and_where_to_go_on(api: AsyncClient) -> None:
    answer = (await api.get("/", headers=JSON)).json()

    assert answer["name"] == "Underline API"
    assert set(answer["links"]) >= {"events", "problems", "docs", "redoc", "openapi"}
    for link in answer["links"].values():
        assert (await api.get(link)).status_code == 200


@pytest.mark.parametrize("path", ["/", "/docs", "/redoc", "/problems", "/problems/event-over"])
async def test_a_page_runs_nothing_but_our_own_files(api: AsyncClient, path: str) -> None:
    answer = await api.get(path, headers=HTML)

    policy = dict(directive.split(" ", 1) for directive in answer.headers["content-security-policy"].split("; "))
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == policy["form-action"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "http://" not in answer.text
    assert "https://" not in answer.text


async def test_what_a_page_loads_is_kept_for_ever_until_it_changes(api: AsyncClient) -> None:
    page = (await api.get("/docs", headers=HTML)).text
    (script,) = [part for part in page.split('"') if part.endswith("swagger-ui-bundle.js")]

    answer = await api.get(script)
    outdated = await api.get(script.replace(script.split("/")[2], "0123456789abcdef"))

    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert (outdated.status_code, outdated.headers["cache-control"]) == (200, "no-cache")
    again = await api.get(script, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("encoding", ["br", "identity"])
async def test_large_files_travel_packed_where_the_client_takes_it(api: AsyncClient, encoding: str) -> None:
    page = (await api.get("/redoc", headers=HTML)).text
    (script,) = [part for part in page.split('"') if part.endswith("redoc.standalone.js")]

    async with api.stream("GET", script, headers={"Accept-Encoding": encoding}) as answer:
        travelled = sum([len(chunk) async for chunk in answer.aiter_raw()])

    assert answer.headers.get("content-encoding", "identity") == encoding
    assert (travelled < 400_000) == (encoding == "br")


async def test_no_bundled_file_knows_the_address_of_its_makers_logo(api: AsyncClient) -> None:
    page = (await api.get("/redoc", headers=HTML)).text
    (script,) = [part for part in page.split('"') if part.endswith("redoc.standalone.js")]

    assert "cdn.redoc.ly" not in (await api.get(script)).text


@pytest.mark.parametrize("name", ["nothing.js", "..%2fpages.py", "%2e%2e/templates/base.html"])
async def test_only_files_meant_for_pages_are_served(api: AsyncClient, name: str) -> None:
    answer = await api.get(f"/assets/0123456789abcdef/{name}")

    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-path")


@pytest.mark.parametrize("slug", list(catalogue()))
async def test_every_problem_type_opens_as_a_page_and_as_json(api: AsyncClient, slug: str) -> None:
    kind = catalogue()[slug]

    shown = await api.get(f"/problems/{slug}", headers=HTML)
    told = await api.get(f"/problems/{slug}", headers=JSON)

    assert f"<h1>{kind.title}</h1>" in shown.text
    assert {key: told.json()[key] for key in ("type", "title", "status")} == {
        "type": f"/problems/{slug}",
        "title": kind.title,
        "status": kind.status,
    }


async def test_the_index_of_problem_types_is_complete(api: AsyncClient) -> None:
    told = (await api.get("/problems", headers=JSON)).json()["items"]
    shown = (await api.get("/problems", headers=HTML)).text

    assert [kind["type"] for kind in told] == [f"/problems/{slug}" for slug in catalogue()]
    assert all(f'href="{kind["type"]}"' in shown for kind in told)
    assert [kind["status"] for kind in told] == sorted(kind["status"] for kind in told)


@pytest.mark.parametrize("accept", [HTML, JSON])
async def test_an_unknown_problem_type_is_a_problem(api: AsyncClient, accept: dict[str, str]) -> None:
    answer = await api.get("/problems/nothing-of-ours", headers=accept)

    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["type"] == "/problems/no-such-path"


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        ("text/html", True),
        ("text/html, application/json;q=0.5", True),
        ("text/html;q=0.2, application/json", False),
        ("application/json", False),
        ("*/*", True),
        ("text/html;q=0", True),
        ("nonsense;;q=x,,", True),
    ],
)
async def test_a_page_or_json_is_chosen_by_what_the_client_prefers(api: AsyncClient, accept: str, html: bool) -> None:
    answer = await api.get("/problems", headers={"Accept": accept})

    assert answer.headers["content-type"].startswith("text/html") == html
    assert "Accept" in answer.headers["vary"] or answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("docs_access", ["off"], indirect=True)
async def test_switched_off_api_pages_are_not_there(api: AsyncClient, docs_access: None) -> None:
    answers = [await api.get(path) for path in API_PAGES]

    assert [(answer.status_code, answer.json()["type"]) for answer in answers] == [(404, "/problems/no-such-path")] * 3
    assert set((await api.get("/", headers=JSON)).json()["links"]).isdisjoint({"docs", "redoc", "openapi"})


@pytest.mark.parametrize("docs_access", ["admin"], indirect=True)
async def test_the_contract_can_be_kept_for_admins(api: AsyncClient, bearer: Bearer, docs_access: None) -> None:
    anonymous = await api.get("/openapi.json")
    user = await api.get("/openapi.json", headers=await bearer("ada"))
    admin = await api.get("/openapi.json", headers=await bearer("root", Role.ADMIN))

    assert (anonymous.status_code, user.status_code, admin.status_code) == (401, 403, 200)
    assert admin.headers["cache-control"] == "no-store"
    assert (await api.get("/docs")).status_code == 200


async def test_the_contract_is_revalidated_by_its_etag(api: AsyncClient) -> None:
    first = await api.get("/openapi.json")

    again = await api.get("/openapi.json", headers={"If-None-Match": first.headers["etag"]})

    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


async def test_browsers_and_crawlers_find_what_they_look_for_unasked(api: AsyncClient) -> None:
    icon, robots = await api.get("/favicon.ico"), await api.get("/robots.txt")

    assert (icon.headers["content-type"], icon.content[:4]) == ("image/x-icon", b"\x00\x00\x01\x00")
    assert robots.text == "User-agent: *\nDisallow: /v1/\n"


async def test_finders_of_weaknesses_learn_where_to_report_them(api: AsyncClient) -> None:
    answer = await api.get("/.well-known/security.txt")

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert fields["Contact"] == "mailto:security@localhost"
    assert fields["Canonical"] == "http://localhost:8000/.well-known/security.txt"
    valid_for = datetime.fromisoformat(fields["Expires"]) - now()
    assert timedelta(days=30) < valid_for < timedelta(days=365)
