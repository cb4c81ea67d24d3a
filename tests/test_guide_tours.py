"""The tours of README.md, with curl, and of docs/guide/getting-started.md, in JavaScript, work as they stand."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx import AsyncClient

from tests.guides import blocks, follow
from tests.servers import serving

pytestmark = pytest.mark.xdist_group("tours")  # one server for both

# What a browser does by itself: keep the cookies, and send them where they belong.
BROWSER = """
import { tour } from "./tour.js";
const jar = new Map();
const browser = async (url, options) => {
  const headers = new Headers(options.headers);
  if (new URL(url).pathname.startsWith("/v1/auth"))
    headers.set("Cookie", [...jar].map(([name, value]) => `${name}=${value}`).join("; "));
  const answer = await fetch(url, { ...options, headers });
  for (const cookie of answer.headers.getSetCookie()) {
    const [, name, value] = cookie.match(/^([^=]+)="?([^;"]*)"?/);
    if (/max-age=0/i.test(cookie)) jar.delete(name); else jar.set(name, value);
  }
  return answer;
};
console.log(JSON.stringify(await tour(process.argv[2], browser)));
"""


@pytest.fixture(scope="module")
def base(service: None) -> Iterator[str]:
    """A server of both tours."""
    with serving() as url:
        yield url


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_example_signs_in_takes_part_and_survives_a_reload(api: AsyncClient, base: str, tmp_path: Path) -> None:
    for block in blocks("getting-started.md"):
        if block.title:
            follow(block, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "browser.js").write_text(BROWSER)

    done = subprocess.run(["node", tmp_path / "browser.js", base], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "title": "Sunset yoga",
        "seat": "attending",
        "name": "Ada",
        "stillIn": False,
        "refused": "/problems/event-not-found",
    }


@pytest.mark.slow
def test_the_tour_of_the_readme_registers_publishes_and_searches(api: AsyncClient, base: str) -> None:
    [tour] = [block.text for block in blocks("../../README.md") if "curl" in block.text]

    done = subprocess.run(
        [str(shutil.which("bash")), "-euc", tour.replace("http://localhost:8000", base)],
        capture_output=True,
        text=True,
        check=False,
    )

    registered, published, found = map(json.loads, done.stdout.splitlines())
    assert (done.returncode, done.stderr) == (0, "")
    assert registered["email"] == "ada@example.org"
    assert (published["title"], published["approval"]) == ("Sunset yoga", "unapproved")
    assert found["items"] == []
