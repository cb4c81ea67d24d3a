"""The generated Python client against a running service: .venv/bin/python smoke.py http://localhost:8000."""

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "generated"))

from python import AuthenticatedClient, Client
from python.api.auth import auth_login
from python.api.events import events_create, events_read
from python.api.users import users_register
from python.models import AccessToken, EventCreate, EventRead, Login, Problem, UserCreate

EMAIL, PASSWORD = f"smoke-py-{time.time_ns()}@example.org", "a long enough pass phrase"
START = datetime.now(UTC) + timedelta(days=1)
FORM = {
    "title": "Sunset yoga",
    "description": "An hour on the lawn.",
    "starts_at": START.isoformat(),
    "ends_at": (START + timedelta(hours=1)).isoformat(),
    "tags": ["sport_event"],
    "location": {"title": "Bayfront Park", "latitude": 25.7753, "longitude": -80.1861},
    "max_capacity": 40,
    "public": False,
}


def main(base: str) -> None:
    """Register, sign in, publish an event and read it, and be refused one that is not there."""
    anybody = Client(base_url=base)
    users_register.sync(
        client=anybody, body=UserCreate(first_name="Ada", last_name="Lovelace", email=EMAIL, password=PASSWORD)
    )
    session = auth_login.sync(client=anybody, body=Login(email=EMAIL, password=PASSWORD))
    assert isinstance(session, AccessToken)
    ada = AuthenticatedClient(base_url=base, token=session.access_token)
    made = events_create.sync(client=ada, body=EventCreate.from_dict(FORM))
    assert isinstance(made, EventRead)
    event = events_read.sync(made.id, client=anybody)
    assert isinstance(event, EventRead)
    refused = events_read.sync("nobody", client=anybody)
    assert isinstance(refused, Problem)
    print(json.dumps({"title": event.title, "status": event.status, "refused": refused.type_}))


if __name__ == "__main__":
    main(sys.argv[1])
