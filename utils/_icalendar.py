"""How events are written as iCalendar (RFC 5545), the same bytes for the same events."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Calendar, Timezone, TimezoneDaylight, TimezoneStandard, vGeo
from icalendar import Event as Entry

from config.main import NAME, VERSION, settings
from models.attendance import State
from models.events import Approval, Event, Status

_UTC_NAMES = {"UTC", "Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "UCT", "Universal", "Zulu"}
_DAY = timedelta(days=1)
_REFRESH = timedelta(hours=1)


def calendar(name: str, entries: Sequence[tuple[Event, State | None]], note: str | None = None) -> bytes:
    """Write events as one calendar, with the time zones that they name.

    Args:
        name: what subscribers see as its name.
        entries: the events, and how the subscriber takes part in each, if it is his own calendar.
        note: a comment on the whole, such as where it goes on.
    """
    made = Calendar()
    made.add("prodid", f"-//{NAME}//{VERSION}//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("name", name)  # RFC 7986; the X- names are what older programs read
    made.add("x-wr-calname", name)
    made.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", _REFRESH)
    if note:
        made.add("description", note)
        made.add("x-wr-caldesc", note)
    for zone in _zones([event for event, _ in entries]):
        made.add_component(zone)
    for event, state in entries:
        made.add_component(_entry(event, state))
    return bytes(made.to_ical())


def _entry(event: Event, state: State | None) -> Entry:
    entry, revised = Entry(), event.revised_at or event.created_at
    entry.add("uid", event.get_id())
    entry.add("dtstamp", revised)  # not the time of writing: subscribers would never hold the current state
    entry.add("created", event.created_at)
    entry.add("last-modified", revised)
    entry.add("sequence", event.sequence)
    entry.add("dtstart", _local(event.starts_at, event.timezone))
    entry.add("dtend", _local(event.ends_at, event.timezone))
    entry.add("summary", event.title)
    if event.description:
        entry.add("description", event.description)
    place = event.location
    entry.add("location", f"{place.title}, {place.address}" if place.address else place.title)
    entry.add("geo", vGeo((place.latitude, place.longitude)))
    entry.add("url", address(event))
    entry.add("status", _status(event, state))
    entry.add("class", "PUBLIC" if event.public else "PRIVATE")
    entry.add("transp", "OPAQUE" if state is State.ATTENDING else "TRANSPARENT")
    if event.tags:
        entry.add("categories", [tag.removesuffix("_event").upper() for tag in event.tags])
    return entry


def address(event: Event) -> str:
    """Where the event is to be read."""
    return f"{settings.public_url.rstrip('/')}/v1/events/{event.get_id()}"


def _status(event: Event, state: State | None) -> str:
    if event.status is Status.CANCELLED:
        return "CANCELLED"
    return "TENTATIVE" if state is State.WAITING or event.approval is not Approval.APPROVED else "CONFIRMED"


def _local(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(UTC if zone in _UTC_NAMES else ZoneInfo(zone))


def _zones(events: Sequence[Event]) -> Iterator[Timezone]:
    """The zones that events name, each for the years in which they need it."""
    years: dict[str, list[int]] = {}
    for event in events:
        if event.timezone not in _UTC_NAMES:
            years.setdefault(event.timezone, []).extend((event.starts_at.year, event.ends_at.year))
    for name in sorted(years):
        yield zone_of(name, min(years[name]), max(years[name]))


@lru_cache(maxsize=512)
def zone_of(name: str, first_year: int, last_year: int) -> Timezone:
    """A time zone as a list of its observances, from the turn of the year before these years to the one after.

    Each onset is given in the wall clock that it puts an end to (RFC 5545, section 3.6.5).
    """
    zone, made = ZoneInfo(name), Timezone()
    made.add("tzid", name)
    moment, end = datetime(first_year - 1, 12, 31, tzinfo=UTC), datetime(last_year + 1, 1, 2, tzinfo=UTC)
    _observe(made, zone, moment, moment)
    while moment < end:
        if _at(zone, moment) != _at(zone, moment + _DAY):
            onset = _onset(zone, moment)
            _observe(made, zone, onset - timedelta(seconds=1), onset)
        moment += _DAY
    return made


def _at(zone: ZoneInfo, moment: datetime) -> tuple[timedelta | None, str | None, bool]:
    local = moment.astimezone(zone)
    return local.utcoffset(), local.tzname(), bool(local.dst())


def _onset(zone: ZoneInfo, day: datetime) -> datetime:
    """The second of the day that follows this moment in which the clocks change, found by halving."""
    before, low, high = _at(zone, day), 0, int(_DAY.total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _at(zone, day + timedelta(seconds=middle)) == before else (low, middle)
    return day + timedelta(seconds=high)


def _observe(made: Timezone, zone: ZoneInfo, before: datetime, onset: datetime) -> None:
    was, (offset, name, saving) = _at(zone, before)[0] or timedelta(), _at(zone, onset)
    observance = TimezoneDaylight() if saving else TimezoneStandard()
    observance.add("dtstart", (onset + was).replace(tzinfo=None))
    observance.add("tzoffsetfrom", was)
    observance.add("tzoffsetto", offset)
    observance.add("tzname", name)
    made.add_component(observance)
