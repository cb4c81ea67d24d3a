"""Personal calendars."""

from models.commons import ExtendedBaseModel, Output, UtcDatetime


class Feed(ExtendedBaseModel):
    """One document of `calendar_feeds`; its id is that of the person."""

    secret_hash: str


class FeedAddress(ExtendedBaseModel):
    """A feed with its address, which is told once."""

    url: str


class FeedRead(Output):
    """The address of my calendar: whoever knows it reads it."""

    url: str
    created_at: UtcDatetime
