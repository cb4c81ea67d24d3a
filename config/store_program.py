"""The embedded store's program: the package's own, made to forget the replies to writes in constant time.

SecantusDB 0.7.0b3 keeps the reply to each retryable write for half an hour, 10,000 of them at most. It goes through all
of them twice per write, and sorts them once there are too many; what that costs is in
docs/decisions/0064-replies-forgotten-in-constant-time.md. Run as a file, by `python -P`.
"""

import sys
from itertools import islice
from typing import Any

from secantus.cli import main
from secantus.transactions import TransactionRegistry

MOST = 10_000  # both as in the package
LIFETIME_S = 30 * 60.0
_AT_ONCE = 1_000  # to take from the front of a dict one by one would cost what this is to save


def forget_the_oldest(registry: TransactionRegistry) -> None:
    """Drop the replies past their lifetime, and the oldest where there are too many: the dict is in order of time."""
    replies: dict[Any, tuple[Any, float, bytes]] = registry._retryable  # noqa: SLF001  # there is no other way in
    past = registry._time() - LIFETIME_S  # noqa: SLF001  # its clock, which the replies were dated by
    while replies and ((too_many := len(replies) > MOST) or next(iter(replies.values()))[1] < past):
        for key, (_, kept_at, _) in list(islice(replies.items(), _AT_ONCE)):
            if too_many or kept_at < past:
                del replies[key]


TransactionRegistry._prune_retryable_locked = forget_the_oldest  # noqa: SLF001  # because there is no setting for it

if __name__ == "__main__":
    sys.exit(main())
