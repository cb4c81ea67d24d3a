"""How fast callers may be: one table, counted in memory or, exactly over all workers, in Redis."""

import logging
import time
from dataclasses import dataclass
from functools import cached_property

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import RedisStorage, Storage
from limits.aio.storage.base import SlidingWindowCounterSupport
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from config.main import Settings

LOCAL_FACTOR = 100  # a developer's own test bench asks as fast as it can, from one address
FALLBACK_S = 5.0  # how long Redis is left alone after it did not answer
REDIS_TIMEOUT_S = 0.25
MAX_CALLERS = 50_000  # remembered at once, in memory

_log = logging.getLogger("underline.limits")


@dataclass(frozen=True)
class Bucket:
    """So many requests in so many seconds, per caller."""

    name: str
    amount: int
    seconds: int

    @cached_property
    def item(self) -> RateLimitItem:
        """The bucket as the library knows it."""
        return RateLimitItemPerSecond(self.amount, self.seconds, namespace=self.name)

    @cached_property
    def policy(self) -> bytes:
        """The field value of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10)."""
        return f'"{self.name}";q={self.amount};w={self.seconds}'.encode()


@dataclass(frozen=True)
class Verdict:
    """Whether a request goes on, and what its answer says of the limit."""

    bucket: Bucket
    allowed: bool
    remaining: int
    reset_s: int

    def headers(self) -> list[tuple[bytes, bytes]]:
        """What every limited answer carries."""
        state = f'"{self.bucket.name}";r={self.remaining};t={self.reset_s}'.encode()
        return [(b"ratelimit-policy", self.bucket.policy), (b"ratelimit", state)]


BUCKETS = (
    Bucket("login", 60, 60),  # beside the brake on wrong passwords in utils/attempts.py
    Bucket("registration", 60, 3_600),
    Bucket("mail", 30, 3_600),
    Bucket("uploads", 120, 600),
    Bucket("writes", 300, 60),
    Bucket("reads", 1_200, 60),
)
# Everything else by its method: GET reads, the others write.
ROUTES: dict[str, str | None] = {
    "GET /livez": None,
    "GET /readyz": None,
    "GET /metrics": None,
    "POST /v1/auth/login": "login",
    "POST /v1/auth/token": "login",
    "POST /v1/auth/password-reset": "mail",
    "PUT /v1/users/me/email": "mail",
    "POST /v1/users": "registration",
    "POST /v1/images": "uploads",
    "POST /users/login": "login",
    "POST /users/register": "registration",
    "POST /users/find": "reads",
    "POST /events/find/batch": "reads",
    "POST /images/upload": "uploads",
}


class Limiter:
    """Counts requests per caller and bucket over a sliding window."""

    def __init__(self, redis_url: str | None = None, factor: int = 1) -> None:
        """Start with nothing counted.

        Args:
            redis_url: where all workers count together; without it each counts for itself.
            factor: by how much every bucket is larger than the table says.
        """
        self.buckets = {b.name: Bucket(b.name, b.amount * factor, b.seconds) for b in BUCKETS}
        self.memory = Memory()
        self._redis = _in_redis(redis_url) if redis_url else None
        self._alone = SlidingWindowCounterRateLimiter(self.memory)
        self._together = SlidingWindowCounterRateLimiter(self._redis) if self._redis else None
        self._left_alone_until = 0.0

    async def hit(self, route: str, caller: str) -> Verdict | None:
        """Count one request; None where nothing is limited.

        Args:
            route: method and path template.
            caller: who it counts for.
        """
        name = bucket_of(route)
        if name is None:
            return None
        bucket = self.buckets[name]
        if self._together is not None and time.monotonic() >= self._left_alone_until:
            try:
                return await _count(self._together, bucket, caller)
            except Exception as error:  # noqa: BLE001  # whatever is wrong with Redis, requests go on
                self._left_alone_until = time.monotonic() + FALLBACK_S
                _log.warning("limits are counted in memory: Redis does not answer (%s)", type(error).__name__)
        return await _count(self._alone, bucket, caller)

    async def close(self) -> None:
        """Let go of Redis."""
        if self._redis is not None:
            await self._redis.bridge.storage.aclose()  # type: ignore[attr-defined]  # the client that it made


def bucket_of(route: str) -> str | None:
    """What a route counts towards; None: nothing."""
    return ROUTES.get(route, "reads" if route.startswith("GET ") else "writes")


def of(chosen: Settings) -> Limiter | None:
    """The limiter that the settings ask for; None: nothing is limited."""
    if not chosen.rate_limit_enabled:
        return None
    url = chosen.redis_url.get_secret_value() if chosen.redis_url else None
    return Limiter(url, factor=1 if chosen.hosted else LOCAL_FACTOR)


async def _count(strategy: SlidingWindowCounterRateLimiter, bucket: Bucket, caller: str) -> Verdict:
    allowed = await strategy.hit(bucket.item, caller)
    stats = await strategy.get_window_stats(bucket.item, caller)
    return Verdict(bucket, allowed, stats.remaining, max(1, round(stats.reset_time - time.time())))


def _in_redis(url: str) -> RedisStorage:
    timeouts = {"socket_timeout": REDIS_TIMEOUT_S, "socket_connect_timeout": REDIS_TIMEOUT_S}
    return RedisStorage(f"async+{url}", implementation="redispy", key_prefix="underline:limits", **timeouts)  # type: ignore[arg-type]  # options of the client


class Memory(Storage, SlidingWindowCounterSupport):
    """Sliding windows in a dictionary: the library's own looks at every caller at every request."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self._counts: dict[str, tuple[int, int, int]] = {}  # the window, the count before it, the count in it

    async def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count if there is room; whether there was."""
        window, before, current = self._at(key, expiry)
        if before * _rest(expiry) / expiry + current + amount > limit:
            return False
        if len(self._counts) >= MAX_CALLERS and key not in self._counts:
            self._counts.pop(next(iter(self._counts)))  # the one that came first
        self._counts[key] = (window, before, current + amount)
        return True

    async def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """The counts of the window before and of this one, each with the seconds that it still matters."""
        _, before, current = self._at(key, expiry)
        rest = _rest(expiry)
        return before, rest if before else 0.0, current, rest + expiry

    async def clear_sliding_window(self, key: str, expiry: int) -> None:  # noqa: ARG002  # the library's signature
        """Forget what was counted."""
        self._counts.pop(key, None)

    def _at(self, key: str, expiry: int) -> tuple[int, int, int]:
        window = int(time.time() // expiry)
        then, before, current = self._counts.get(key, (window, 0, 0))
        if then == window:
            return then, before, current
        return window, current if then == window - 1 else 0, 0

    @property
    def base_exceptions(self) -> type[Exception]:
        """What the library may meet here."""
        return ValueError

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Not for sliding windows."""
        raise NotImplementedError

    async def get(self, key: str) -> int:
        """What was counted in the window that was last written to."""
        return self._counts.get(key, (0, 0, 0))[2]

    async def get_expiry(self, key: str) -> float:
        """Not for sliding windows."""
        raise NotImplementedError

    async def check(self) -> bool:
        """Memory is there."""
        return True

    async def reset(self) -> int | None:
        """Forget everything."""
        forgotten = len(self._counts)
        self._counts.clear()
        return forgotten

    async def clear(self, key: str) -> None:
        """Forget one caller."""
        self._counts.pop(key, None)


def _rest(expiry: int) -> float:
    """Seconds until the present window ends."""
    return expiry - time.time() % expiry
