"""How words are folded, and what they find."""

import pytest
from httpx import AsyncClient
from hypothesis import given
from hypothesis import strategies as st

from config import db
from models.users import Role
from tests.conftest import Bearer, EventWith
from utils import _words


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("Fiesta de la Mañana", "manana"),
        ("fiesta de la manana", "MAÑANA"),
        ("Straßenfest", "STRASSE"),
        ("STRASSENFEST", "straße"),
        ("GROẞE Bühne", "grosse buhne"),
        ("İstanbul'da ıspanak", "istanbul ispanak"),
        ("ISTANBUL", "ıstanbul"),
        ("ｊａｚｚ ﾎｯﾄﾖｶﾞ", "JAZZ ホットヨガ"),
        ("東京タワーの夜景", "タワー"),
        ("東京タワーの夜景", "夜"),
        ("서울봄축제", "축제"),
        ("party 👩🏽‍🎤🎉", "🎉 👩"),
        ("¡Viva! 🇪🇸", "🇪🇸"),
        ("Ærø øl", "aero ol"),
        ("Ὀδυσσεύς", "οδυσσευ"),
        ("e\u0301te\u0301", "été"),
        ("O’Neill’s", "neill"),
        ("Yoga", "y"),
    ],
)
def test_what_is_said_is_found_however_it_is_written(said: str, asked: str) -> None:
    terms = _words.terms(said, 100)

    assert all(any(term.startswith(word) for term in terms) for word in _words.wanted(asked))
    assert _words.wanted(asked)


@pytest.mark.parametrize(
    ("said", "asked"),
    [("yoga", "oga"), ("東京", "京東"), ("🇪🇸", "🇸🇪"), ("किताब", "कताब"), ("がく", "かく"), ("jazz", "jazz yoga")],
)
def test_what_is_not_said_is_not_found(said: str, asked: str) -> None:
    terms = _words.terms(said, 100)

    assert not all(any(term.startswith(word) for term in terms) for word in _words.wanted(asked))


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert _words.fold(_words.fold(text)) == _words.fold(text)


@given(st.text(max_size=40))
def test_every_text_finds_itself(text: str) -> None:
    terms = _words.terms(text, 1_000)

    assert all(any(term.startswith(word) for term in terms) for word in _words.wanted(text))


@given(st.text(max_size=40))
def test_the_index_holds_the_head_of_every_word_asked_for(text: str) -> None:
    indexed = _words.heads(_words.terms(text, 1_000))

    assert {_words.head(word) for word in _words.wanted(text)} <= indexed


def test_a_long_text_has_a_bounded_number_of_terms() -> None:
    assert len(_words.terms(" ".join(f"word{number}" for number in range(10_000)), 512)) == 512


@pytest.mark.parametrize(
    ("change", "found", "lost"),
    [
        ({"title": "Büyük İzmir"}, "izmir", "sunset"),
        ({"description": "東京で $literal"}, "東京", "lawn"),
        ({"location": {"title": "Café Ñandú"}}, "nandu", "bayfront"),
        ({"location": {"address": "Ocean Drive"}}, "ocean", "nowhere"),
        ({"location": {"address": None}}, "yoga", "boulevard"),
    ],
)
async def test_a_changed_event_is_found_by_its_new_words_and_no_longer_by_the_old(
    api: AsyncClient, bearer: Bearer, event_with: EventWith, change: dict[str, object], found: str, lost: str
) -> None:
    place = {"title": "Bayfront Park", "address": "1 Boulevard", "latitude": 25.7, "longitude": -80.1}
    event = await event_with(by="ada", location=place)
    await api.patch(f"/v1/events/{event.get_id()}", json=change, headers=await bearer("root", Role.ADMIN))

    answers = [(await api.get("/v1/events", params={"q": words})).json()["items"] for words in (found, lost)]

    assert [len(items) for items in answers] == [1, 0]


async def test_changed_events_carry_the_same_terms_as_new_ones(
    api: AsyncClient, bearer: Bearer, event_with: EventWith
) -> None:
    place = {"title": "東京タワー", "address": "Straße 1", "latitude": 25.7, "longitude": -80.1}
    texts = {"title": "🎉 Mañana jazz", "description": "İstanbul abc ab a"}
    made = await event_with(by="ada", location=place, **texts)
    other = await event_with(by="ada")
    await api.patch(f"/v1/events/{other.get_id()}", json={**texts, "location": place}, headers=await bearer("ada"))

    first, second = [await stored_terms(event.get_id()) for event in (made, other)]

    assert first == second
    assert "ma" in first["heads"]


async def stored_terms(event_id: str) -> dict[str, list[str]]:
    document = await db.collection("events").find_one({"_id": event_id})
    assert document is not None
    return {part: sorted(terms) for part, terms in document["terms"].items()}
