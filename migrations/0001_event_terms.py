"""Searches read the terms of an event, and lists pass over what is archived: events from before lack both."""

from utils import events


async def up(position: str | None) -> str | None:
    """Fill them in, a hundred events at a time; an event that has them stays as it is."""
    return await events.fill_terms(position)
