"""The message hub: a domain publishes what happened, others subscribe, nobody imports against the arrow."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

Handler = Callable[[Any], Awaitable[None]]

_handlers: defaultdict[type, list[Handler]] = defaultdict(list)


def wire(table: Mapping[type, Sequence[Handler]]) -> None:
    """Replace all subscriptions by those of one readable table: notice type → handlers, in order."""
    _handlers.clear()
    for notice, handlers in table.items():
        _handlers[notice].extend(handlers)


async def publish(notice: object) -> None:
    """Tell the subscribers, one after another; what they raise reaches the publisher.

    Handlers may run twice for one notice (a publisher that failed half-way is called again) and do no harm then.
    """
    for handler in _handlers[type(notice)]:
        await handler(notice)
