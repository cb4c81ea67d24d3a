"""The one taxonomy of refusals, rendered as RFC 9457 problem documents."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class DomainError(Exception):
    """Anything that the service refuses to do; each concrete class is one problem type.

    Attributes:
        status: the HTTP status code.
        slug: the last part of the problem's `type` URI, part of the API.
        title: what kind of problem it is, the same each time.
    """

    status: ClassVar[int]
    slug: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, detail: str = "", *, headers: Mapping[str, str] | None = None, **extras: Any) -> None:
        """Describe one occurrence.

        Args:
            detail: what happened this time; nothing secret.
            headers: header fields that the answer carries.
            extras: further members of the problem document.
        """
        super().__init__(detail or self.title)
        self.detail = detail or f"{self.title}."
        self.headers = dict(headers or {})
        self.extras = extras


class Unauthenticated(DomainError):
    """Nobody, or nobody that we know, is asking."""

    status, slug, title = 401, "unauthenticated", "Authentication is needed"

    def __init__(self, detail: str = "Sign in, and send the access token as a Bearer token.", **extras: Any) -> None:
        """Ask for credentials as RFC 6750 wants it."""
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="underline"'}, **extras)


class InvalidToken(Unauthenticated):
    """The token is malformed, expired, revoked, or its account is gone."""

    slug, title = "invalid-token", "The access token is not valid"

    def __init__(self, detail: str = "The access token is malformed, has expired or was revoked.") -> None:
        """Say so as RFC 6750 wants it."""
        super().__init__(detail)
        self.headers = {"WWW-Authenticate": 'Bearer realm="underline", error="invalid_token"'}


class WrongCredentials(Unauthenticated):
    """The e-mail address and the password do not belong together; which of them is wrong stays unsaid."""

    slug, title = "wrong-credentials", "The e-mail address or the password is wrong"

    def __init__(self) -> None:
        """The same answer whatever was wrong."""
        super().__init__("The e-mail address or the password is wrong.")


class InvalidRefreshToken(Unauthenticated):
    """The refresh token is missing, malformed, expired, revoked, or was used before; its session is over."""

    slug, title = "invalid-refresh-token", "The refresh token is not valid"

    def __init__(self) -> None:
        """The same answer whatever was wrong."""
        super().__init__("Sign in again: the refresh token is missing, has expired, was revoked or was used before.")


class Forbidden(DomainError):
    """The caller is known and may not."""

    status, slug, title = 403, "forbidden", "Not allowed"


class WrongPassword(Forbidden):
    """The password that confirms the wish is not the account's."""

    slug, title = "wrong-password", "The current password is wrong"


class ForeignOrigin(Forbidden):
    """A page of another site sent the request, and the cookie came along by itself."""

    slug, title = "foreign-origin", "Requests from this origin are not accepted"


class ReauthenticationNeeded(Forbidden):
    """What cannot be undone wants the password, or a session that was opened a moment ago."""

    slug, title = "reauthentication-needed", "Prove once more who you are"

    def __init__(self) -> None:
        """Say how."""
        super().__init__("Send the password in the body, or sign in again and repeat this within ten minutes.")


class NotFound(DomainError):
    """It is not there, or not for the caller to know."""

    status, slug, title = 404, "not-found", "Not found"


class RouteNotFound(NotFound):
    """No operation has this path."""

    slug, title = "no-such-path", "There is nothing at this path"


class UserNotFound(NotFound):
    """No such account."""

    slug, title = "user-not-found", "There is no such user"


class SessionNotFound(NotFound):
    """No such session of the caller."""

    slug, title = "session-not-found", "There is no such session"


class EventNotFound(NotFound):
    """No such event, or one that is not for the caller to see."""

    slug, title = "event-not-found", "There is no such event"


class FeedbackNotFound(NotFound):
    """No such feedback, or it is on an event that the caller may not see."""

    slug, title = "feedback-not-found", "There is no such feedback"


class AttendanceNotFound(NotFound):
    """The caller neither attends the event nor waits for a seat."""

    slug, title = "attendance-not-found", "You do not take part in this event"


class CalendarNotFound(NotFound):
    """The address of the calendar was revoked, or never given out."""

    slug, title = "calendar-not-found", "There is no such calendar"


class ImageNotFound(NotFound):
    """No such image."""

    slug, title = "image-not-found", "There is no such image"


class MethodNotAllowed(DomainError):
    """The path exists, the method does not."""

    status, slug, title = 405, "method-not-allowed", "The method is not allowed here"


class NotAcceptable(DomainError):
    """The client accepts none of the media types that the operation can answer with."""

    status, slug, title = 406, "not-acceptable", "No acceptable representation"


class Conflict(DomainError):
    """The state of things is against it."""

    status, slug, title = 409, "conflict", "Conflict"


class EmailTaken(Conflict):
    """Another account has this address."""

    slug, title = "email-taken", "The e-mail address is in use"


class LastAdmin(Conflict):
    """Without this account nobody could administer the service."""

    slug, title = "last-admin", "This is the last admin"

    def __init__(self) -> None:
        """Say what to do first."""
        super().__init__("The last admin is neither demoted, suspended nor erased; make another one first.")


class AlreadyDecided(Conflict):
    """The event had left the queue when the decision arrived."""

    slug, title = "already-decided", "The event was already decided"


class EventOver(Conflict):
    """The event has ended or was cancelled."""

    slug, title = "event-over", "The event is over or cancelled"


class CapacityTooSmall(Conflict):
    """More people attend than there would be seats."""

    slug, title = "capacity-too-small", "More people attend than that"


class AttendanceUnsettled(Conflict):
    """Another request of the same person is still on its way, or died there a moment ago."""

    slug, title = "attendance-unsettled", "Your attendance is being settled"

    def __init__(self) -> None:
        """Say when to try again."""
        super().__init__(
            "Another request of yours for this event is not done yet; try again.", headers={"Retry-After": "5"}
        )


class FeedbackExists(Conflict):
    """The caller left feedback on this event before; it can be changed in place."""

    slug, title = "feedback-exists", "There is feedback of yours on this event"


class IdempotencyInProgress(Conflict):
    """The first request with this Idempotency-Key is still being worked on."""

    slug, title = "idempotency-in-progress", "The first request with this key is not done yet"


class PreconditionFailed(DomainError):
    """`If-Match` names a state that is no longer the current one."""

    status, slug, title = 412, "precondition-failed", "The document has changed meanwhile"


class TooLarge(DomainError):
    """The body is larger than the service takes."""

    status, slug, title = 413, "too-large", "The body is too large"


class MisdirectedRequest(DomainError):
    """The request names a host that this service is not."""

    status, slug, title = 421, "misdirected-request", "The host is not this service"


class UnsupportedMediaType(DomainError):
    """The body has a media type that the operation does not take."""

    status, slug, title = 415, "unsupported-media-type", "The media type is not supported"


class Invalid(DomainError):
    """The input is malformed; `errors` says where."""

    status, slug, title = 422, "invalid-input", "The input is not valid"

    def __init__(self, detail: str = "The input is not valid.", pointer: str | None = None, **extras: Any) -> None:
        """Describe the fault.

        Args:
            detail: what is wrong.
            pointer: where, as a JSON pointer (RFC 6901) into the body, or as `#/query/NAME` and the like.
            extras: further members of the problem document.
        """
        if pointer is not None:
            extras = {"errors": [{"pointer": pointer, "message": detail}], **extras}
        super().__init__(detail, **extras)


class MalformedBody(Invalid):
    """The body is not what its media type says."""

    slug, title = "malformed-body", "The body cannot be read"


class InvalidCursor(Invalid):
    """The cursor is not one that this service gave out for this list."""

    slug, title = "invalid-cursor", "The cursor is not valid"

    def __init__(self) -> None:
        """Say where it came from, and no more."""
        super().__init__("The cursor was not given out for this list.", pointer="#/query/cursor")


class CommonPassword(Invalid):
    """The password is one of those that are tried first."""

    slug, title = "common-password", "The password is too common"

    def __init__(self, pointer: str) -> None:
        """Name the field, and repeat nothing."""
        super().__init__("This password is among the most common ones; choose another.", pointer=pointer)


class UnusableImage(Invalid):
    """The file is not an image that can be decoded, or it is too large once decoded."""

    slug, title = "unusable-image", "The file is not a usable image"


class LinkNotValid(Invalid):
    """The token of a link was used, has expired, or is good for something else."""

    slug, title = "link-not-valid", "The link is not valid"

    def __init__(self) -> None:
        """Say what to do; not which of them it was."""
        super().__init__("The link was used, has expired, or never was. Ask for a new one.", pointer="/token")


class UnknownImages(Invalid):
    """Some of the images named were not uploaded by the caller."""

    slug, title = "unknown-images", "Some images are not yours or not there"


class IdempotencyKeyReused(Invalid):
    """The Idempotency-Key came with another body before."""

    slug, title = "idempotency-key-reused", "The key belongs to another request"


class PreconditionRequired(DomainError):
    """The operation wants an `If-Match`."""

    status, slug, title = 428, "precondition-required", "A precondition is needed"


class TooManyRequests(DomainError):
    """The caller is too fast."""

    status, slug, title = 429, "too-many-requests", "Too many requests"

    def __init__(self, retry_after_s: int, detail: str = "Slow down.") -> None:
        """Say when to try again.

        Args:
            retry_after_s: seconds until it makes sense.
            detail: what was too much.
        """
        super().__init__(detail, headers={"Retry-After": str(retry_after_s)})


class TooManyLogins(TooManyRequests):
    """Too many wrong passwords, for this account or from this address."""

    slug, title = "too-many-logins", "Too many wrong passwords"

    def __init__(self, retry_after_s: int) -> None:
        """Say when to try again."""
        super().__init__(retry_after_s, "Too many wrong passwords; wait, or reset the password.")


class InternalError(DomainError):
    """A bug: logged with its traceback, shown without."""

    status, slug, title = 500, "internal-error", "Something went wrong here"


class StoreAway(DomainError):
    """The document store does not answer in time."""

    status, slug, title = 503, "store-away", "The store is away"

    def __init__(self, detail: str = "The document store does not answer; try again shortly.") -> None:
        """Say when to try again."""
        super().__init__(detail, headers={"Retry-After": "2"})


class TookTooLong(DomainError):
    """The request was given up: nothing may keep a worker for longer."""

    status, slug, title = 503, "took-too-long", "The request took too long"

    def __init__(self) -> None:
        """Say how to find out what came of it."""
        super().__init__(
            "It was given up. What creates something may be sent again under its Idempotency-Key.",
            headers={"Retry-After": "5"},
        )


class Stopping(DomainError):
    """This process ends as soon as its requests are answered; others take over."""

    status, slug, title = 503, "stopping", "The service is stopping"

    def __init__(self) -> None:
        """Say when to try again."""
        super().__init__(headers={"Retry-After": "2"})


class Busy(DomainError):
    """More people sign in at this moment than the service has room for."""

    status, slug, title = 503, "busy", "The service is busy"

    def __init__(self) -> None:
        """Say when to try again."""
        super().__init__("Too many passwords wait to be checked; try again shortly.", headers={"Retry-After": "5"})


class MigrationsPending(DomainError):
    """The stored data is not in line with this version of the service yet."""

    status, slug, title = 503, "migrations-pending", "Migrations are pending"

    def __init__(self, pending: Sequence[str]) -> None:
        """Name them; the release command applies them."""
        super().__init__(f"Not applied yet: {', '.join(pending)}.", headers={"Retry-After": "5"})


class CommandRefused(DomainError):
    """An operator's command cannot do what it is asked; never answered over HTTP, and so no problem type."""

    status, title = 409, "This cannot be done"


class MigrationChanged(CommandRefused):
    """A migration differs from what was applied under its name."""


class MigrationFinal(CommandRefused):
    """A migration has no way back."""


class MigrationTaken(CommandRefused):
    """Another process goes on with what this one was at."""


class ArchiveExists(CommandRefused):
    """Something is in the way of an export."""


class ArchiveDamaged(CommandRefused):
    """An archive is not, or not completely, what was exported."""


class StoreNotEmpty(CommandRefused):
    """Something is in the way of a restoration."""
