"""The indexes that the owners declare."""

from httpx import AsyncClient

from utils import indexes


async def test_a_start_on_indexes_that_are_there_already_changes_nothing(api: AsyncClient) -> None:
    await indexes.ensure()
    await indexes.ensure()

    assert set().union(*(await indexes.missing()).values()) == set()
