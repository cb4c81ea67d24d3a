"""A secret made on first use and kept in a file that only its owner reads; for local runs, where none is configured."""

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile


def read_or_make(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content of `path`, made first if there is none; of several makers at once one wins."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, delete=False) as draft:
            draft.write(make())
        try:
            os.link(draft.name, path)  # atomic, and fails where a rival was faster
        except FileExistsError:
            pass
        finally:
            Path(draft.name).unlink()
    return path.read_bytes()
