"""What domains tell each other through the hub: frozen facts in the past tense."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UserDeleted:
    """An account is gone."""

    user_id: str


@dataclass(frozen=True, slots=True)
class UserSuspended:
    """An account may not sign in any more; the account has dropped its sessions already."""

    user_id: str


@dataclass(frozen=True, slots=True)
class PasswordChanged:
    """An account has another password; it has dropped all sessions already, but the one kept."""

    user_id: str
    kept_session_id: str | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session was opened; `familiar` when from a device or a place that signed in before, or for the first time."""

    user_id: str
    session_id: str
    device: str
    address_prefix: str
    familiar: bool


@dataclass(frozen=True, slots=True)
class EventDeleted:
    """An event is gone, and its images with it unless another event shows them."""

    event_id: str
    creator_id: str
    image_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImagesDeleted:
    """Images that one person uploaded are gone."""

    owner_id: str
    image_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EventCancelled:
    """An event will not take place."""

    event_id: str


@dataclass(frozen=True, slots=True)
class EventMoved:
    """An event has another time or place."""

    event_id: str


@dataclass(frozen=True, slots=True)
class CapacityGrown:
    """An event has more seats than before."""

    event_id: str
