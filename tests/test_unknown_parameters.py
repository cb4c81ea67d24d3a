"""Query parameters that no operation has."""

from httpx import AsyncClient

from app import app
from models.users import Role
from tests.conftest import Bearer


async def test_an_unknown_query_parameter_is_refused_and_named(api: AsyncClient) -> None:
    answer = await api.get("/v1/events?tag=art_event&limit=3")

    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": "#/query/tag", "message": "There is no such parameter."}]


async def test_every_operation_refuses_unknown_query_parameters(api: AsyncClient, bearer: Bearer) -> None:
    root = await bearer("root", Role.ADMIN)
    operations = [
        (method.upper(), path)
        for path, methods in app.openapi()["paths"].items()
        for method in methods
        if path.startswith("/v1/")
    ]

    answers = {
        (method, path): await api.request(method, f"{path}?no_such=1", headers=root) for method, path in operations
    }

    accepting = [operation for operation, answer in answers.items() if answer.status_code != 422]
    assert len(answers) > 20
    assert accepting == []
