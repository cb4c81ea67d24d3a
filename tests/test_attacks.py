"""Attacked on purpose: what schemathesis makes of the schema, and what Hypothesis makes of what clients send back."""

import asyncio
import string
from typing import Any

import jwt
import pytest
from httpx import AsyncClient
from hypothesis import given, settings
from hypothesis import strategies as st

from models.events import EventUpdate
from models.exceptions import InvalidCursor, InvalidToken
from tests import attack
from tests.servers import serving
from utils import _event_changes, cursors, secrets, sessions, subjects

KEYS = st.lists(st.one_of(st.text(max_size=20), st.integers(-(2**53), 2**53), st.booleans()), max_size=4)
BINDINGS = st.lists(st.text(max_size=10), min_size=1, max_size=3)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@given(KEYS, BINDINGS)
def test_a_cursor_is_read_back_in_its_own_list(position: list[Any], binding: list[str]) -> None:
    assert cursors.decode(cursors.encode(position, binding), binding) == position


@given(KEYS, BINDINGS, BINDINGS, st.data())
def test_a_cursor_of_another_list_or_with_any_letter_changed_is_refused(
    position: list[Any], binding: list[str], other: list[str], data: st.DataObject
) -> None:
    cursor = cursors.encode(position, binding)
    place = data.draw(st.integers(0, len(cursor) - 2))  # the last letter may hold bits that mean nothing
    letter = data.draw(st.sampled_from(sorted(set(string.ascii_letters) - {cursor[place]})))

    with pytest.raises(InvalidCursor):
        cursors.decode(cursor[:place] + letter + cursor[place + 1 :], binding)
    if other != binding:
        with pytest.raises(InvalidCursor):
            cursors.decode(cursor, other)


@given(st.text() | st.text(string.ascii_letters + string.digits + "-_", max_size=100))
def test_whatever_is_sent_as_a_cursor_is_refused_and_never_a_bug(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        cursors.decode(cursor, ["events"])


@given(st.text() | st.from_regex(r"\A[\w-]+\.[\w-]+\.[\w-]*\Z"))
async def test_whatever_is_sent_as_a_token_is_refused_and_never_a_bug(token: str) -> None:
    with pytest.raises(InvalidToken):
        await sessions.authenticate(token)
    assert subjects.named_by(token) is None


@given(
    st.dictionaries(st.sampled_from(["iss", "aud", "sub", "sid", "iat", "exp", "jti", "x"]), JSON_VALUES),
    st.sampled_from(["HS256", "HS384", "none"]),
)
async def test_claims_of_any_shape_are_refused_even_when_they_are_signed(claims: dict[str, Any], how: str) -> None:
    try:
        token = jwt.encode(claims, "" if how == "none" else secrets.signing_keys()[0], how)
    except (TypeError, ValueError):  # not even a token can be made of them
        return

    with pytest.raises(InvalidToken):
        await sessions.authenticate(token)
    subjects.named_by(token)


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from([*EventUpdate.model_fields, "x"]), JSON_VALUES, max_size=6))
def test_any_merge_patch_is_refused_or_changes_what_it_names_and_nothing_else(patch: dict[str, Any]) -> None:
    try:
        changes = EventUpdate.model_validate(patch)
    except ValueError:
        return

    written = str(_event_changes.pipeline(changes, by_admin=True, moment=attack.MOMENT))
    assert changes.model_fields_set <= set(patch)
    for name in set(EventUpdate.model_fields) - set(patch) - {"location", "timezone", "starts_at", "ends_at"}:
        assert f"'{name}':" not in written, name


@pytest.mark.slow
async def test_schemathesis_finds_nothing_in_a_short_run(api: AsyncClient) -> None:
    await attack.make_admins()
    short = ("--max-examples", "1", "--exclude-deprecated", "--seed", "1")

    with serving() as base:
        found = await asyncio.to_thread(attack.schemathesis, base, ["examples", "stateful"], *short)

    assert found == 0
