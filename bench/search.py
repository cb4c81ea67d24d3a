"""Response times of each shape of search: `python -m bench.search --events 10000`.

Over HTTP, one request after another against one worker, on the embedded store, or on the server that MONGO_DB_URI
names, in a database that is dropped afterwards.
"""

import argparse
import asyncio
import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlencode

import orjson

from bench import _events, _service
from config import db
from config.main import settings
from models.commons import now
from utils import events, migrations

HERE = f"{_events.CITY[0]},{_events.CITY[1]}"


def shapes(sample: list[dict[str, str]], moment: datetime) -> dict[str, dict[str, str]]:
    """The parameters of each shape, by name; words and people are those of events that are there."""
    ahead = [(moment + timedelta(days=days)).isoformat() for days in (30, 37)]
    common, rare = sample[0]["title"].split()[0], max(sample[1]["title"].split(), key=len)
    return {
        "soonest": {},
        "latest first": {"sort": "-starts_at"},
        "newest first": {"sort": "-created_at"},
        "all that was": {"status": "expired", "sort": "-starts_at"},
        "weekend": {"when": "weekend", "tz": "America/New_York"},
        "a week in a month": {"from": ahead[0], "to": ahead[1]},
        "tags": {"tags": "art_event,music_event"},
        "common word": {"q": common},
        "rare word": {"q": rare},
        "beginning of a word": {"q": common[:2]},
        "two words": {"q": f"{common} {rare}"},
        "words by relevance": {"q": common, "sort": "relevance"},
        "near, 1 km": {"near": HERE, "radius": "1000"},
        "near, 50 km": {"near": HERE},
        "near, soonest first": {"near": HERE, "radius": "2000", "sort": "starts_at"},
        "near and word": {"near": HERE, "q": rare},
        "farthest first": {"near": HERE, "sort": "-distance"},
        "small box": {"bbox": "-80.2,25.76,-80.18,25.79"},
        "large box": {"bbox": "-81,25,-79,27"},
        "by a person": {"creator_id": sample[0]["creator_id"]},
        "ids": {"ids": ",".join(event["id"] for event in sample[:20])},
        "everything at once": {
            "q": common,
            "near": HERE,
            "bbox": "-81,25,-79,27",
            "tags": "art_event,music_event,food_event",
            "from": moment.isoformat(),
        },
    }


@contextmanager
def filled(count: int, folder: str) -> Iterator[dict[str, str]]:
    """A database with so many events; gives the settings that name it."""
    chosen = {"DATA_DIR": folder, "MONGO_DB_NAME": f"bench-{secrets.token_hex(5)}", "RATE_LIMIT_ENABLED": "false"}
    if settings.mongo_db_uri is not None:
        chosen["MONGO_DB_URI"] = settings.mongo_db_uri.get_secret_value()
    try:
        asyncio.run(_in_store(chosen, count))
        yield chosen
    finally:
        asyncio.run(_in_store(chosen, 0))


async def _in_store(chosen: dict[str, str], count: int) -> None:
    """Fill the database, or drop it."""
    name = chosen["MONGO_DB_NAME"]
    update = {
        "data_dir": Path(chosen["DATA_DIR"]),
        "mongo_db_name": chosen["MONGO_DB_NAME"],
        "mongo_timeout_ms": 600_000,
    }
    async with db.opened(settings.model_copy(update=update)):
        if not count:
            await db.client().drop_database(name)
            return
        began = time.monotonic()
        await migrations.up()
        await _events.fill(count, now())
        await events.archive()
        print(f"{count} events stored in {time.monotonic() - began:.0f} s")


def ask(connection: HTTPConnection, params: dict[str, str]) -> tuple[float, dict[str, list[dict[str, str]]]]:
    """The milliseconds until the whole answer was there, and the answer."""
    began = time.perf_counter()
    connection.request("GET", "/v1/events?" + urlencode(params, quote_via=quote))
    answer = connection.getresponse()
    body = answer.read()
    took = (time.perf_counter() - began) * 1000
    if answer.status != 200:
        raise RuntimeError(f"{params}: {answer.status} {body!r}")
    return took, orjson.loads(body)


def measure(port: int, rounds: int) -> None:
    """Print the median and the 99th percentile of each shape, for its first page and the one after."""
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    _, answer = ask(connection, {"limit": "50"})
    print(f"{'shape':24}{'found':>6}{'p50 ms':>9}{'p99 ms':>9}{'next p50':>10}")
    for name, params in shapes(answer["items"], now()).items():
        ask(connection, params)
        first = [ask(connection, params) for _ in range(rounds)]
        times = sorted(took for took, _ in first)
        page = first[0][1]
        after = {**params, "cursor": str(page["next_cursor"])}
        following = [ask(connection, after)[0] for _ in range(rounds)] if page["next_cursor"] else []
        last = times[max(0, round(len(times) * 0.99) - 1)]
        then = f"{statistics.median(following):10.1f}" if following else f"{'-':>10}"
        print(f"{name:24}{len(page['items']):6}{statistics.median(times):9.1f}{last:9.1f}{then}", flush=True)


def main() -> None:
    """Fill, serve, measure, drop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=30)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        filled(asked.events, folder) as chosen,
        _service.running(further=chosen) as (port, _),
    ):
        measure(port, asked.rounds)


if __name__ == "__main__":
    main()
