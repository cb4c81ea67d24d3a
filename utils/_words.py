"""Words folded alike when they are written and when they are looked for: case, accents and width do not count."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

MAX_LENGTH = 24  # letters of a term that count
HEAD_LENGTHS = (1, 2, 4)  # beginnings of terms that the index holds; longer ones are checked beside it

# Letters that Unicode does not take apart although readers see an accent or a ligature.
_LETTERS = str.maketrans(
    {"ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th"}
)
# Combining classes of accents (above, below, through) and of the vowel points of Hebrew and Arabic. The marks of other
# scripts, such as the voicing of kana and the vowels of Devanagari, make another letter and stay.
_ACCENTS = frozenset({1, *range(10, 36), *range(200, 241)})
_EMOJI = 0x1F000  # from here on, also those younger than the Unicode data of this Python
_SKIN_TONES = range(0x1F3FB, 0x1F400)
# Han, kana and Hangul, which may be written without spaces; and the pairs of letters that make flags.
_UNSPACED = re.compile(
    "[\u2e80-\u2fdf\u3005-\u3007\u3031-\u3035\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7a3"
    "\U0001f1e6-\U0001f1ff\U00020000-\U0003ffff]"
)


def fold(text: str) -> str:
    """The text as it is compared."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = (character for character in apart if not _ignored(character))
    return unicodedata.normalize("NFC", "".join(kept).translate(_LETTERS))


def terms(text: str, limit: int) -> list[str]:
    """The different terms of a text, in order, `limit` of them at most.

    A word is one term. Text without spaces (Chinese, Japanese, Korean) gives each pair of neighbours and the last
    character, so that any stretch of it is found. Each emoji is a term.
    """
    found: dict[str, None] = {}
    for term in _terms(fold(text)):
        found[term] = None
        if len(found) == limit:
            break
    return list(found)


def heads(found: Iterable[str]) -> set[str]:
    """The beginnings under which terms are indexed."""
    return {term[:length] for term in found for length in HEAD_LENGTHS if length <= len(term)}


def head(term: str) -> str:
    """The longest indexed beginning that every term starting with this one has."""
    return term[: max(length for length in HEAD_LENGTHS if length <= len(term))]


def wanted(text: str) -> list[str]:
    """What an event must have terms starting with, the most telling first."""
    found = dict.fromkeys(_terms(fold(text), whole=False))
    needed = [term for term in found if not any(other != term and other.startswith(term) for other in found)]
    return sorted(needed, key=len, reverse=True)


def _ignored(character: str) -> bool:
    """Whether a character is left out: accents, tones of skin, joiners and other invisible marks."""
    return (
        unicodedata.combining(character) in _ACCENTS
        or unicodedata.category(character) in ("Cf", "Me")
        or "\ufe00" <= character <= "\ufe0f"
        or ord(character) in _SKIN_TONES
    )


def _terms(folded: str, *, whole: bool = True) -> Iterator[str]:
    """The terms of a folded text; those of a query leave out the last character of a stretch, which a pair implies."""
    for kind, run in _runs(folded):
        if kind == "word":
            yield run[:MAX_LENGTH]
        elif kind == "unspaced":
            yield from (run[start : start + 2] for start in range(len(run) if whole or len(run) == 1 else len(run) - 1))
        else:
            yield from run


def _runs(folded: str) -> Iterator[tuple[str, str]]:
    """The stretches of one kind of character, without what separates them."""
    kind, start = "", 0
    for place, character in enumerate(folded):
        this = _kind(character)
        if this != kind:
            if kind:
                yield kind, folded[start:place]
            kind, start = this, place
    if kind:
        yield kind, folded[start:]


def _kind(character: str) -> str:
    if _UNSPACED.match(character):
        return "unspaced"
    category = unicodedata.category(character)
    if category[0] in "LMN":
        return "word"
    return "symbol" if category == "So" or (category == "Cn" and ord(character) >= _EMOJI) else ""
