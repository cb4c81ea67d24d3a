"""The code of the guides, as a reader would take it from the page."""

import re
from pathlib import Path
from typing import NamedTuple

GUIDES = Path(__file__).parents[1] / "docs" / "guide"
_FENCE = re.compile(r"^```(\w+)(?: title=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """One fenced block."""

    language: str
    title: str
    text: str


def blocks(guide: str) -> list[Block]:
    """The blocks of a guide, in order."""
    return [Block(*found) for found in _FENCE.findall((GUIDES / guide).read_text())]


def follow(block: Block, tree: Path) -> None:
    """Write the file that a block is, or make the edit that it shows."""
    path = tree / block.title
    if block.language != "diff":
        assert not path.exists(), f"{block.title} is there already"
        path.write_text(block.text)
        return
    before, after = ("".join(f"{line[1:]}\n" for line in block.text.splitlines() if line[0] == sign) for sign in "-+")
    text = path.read_text()
    assert text.count(before) == 1, f"{block.title} has these lines {text.count(before)} times:\n{before}"
    path.write_text(text.replace(before, after))
