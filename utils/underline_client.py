"""What a call of the published web client needs of several domains at once."""

from typing import Literal

from models.auth import Caller
from models.event_queries import EventQuery
from models.events import Approval, Decision, Event, Status
from models.exceptions import Forbidden
from models.underline_client import (
    ByEventId,
    ClientBatchQuery,
    ClientDecision,
    ClientLogin,
    ClientProfileUpdate,
    ClientRegistration,
    ClientToken,
    ClientUser,
    Done,
    Row,
)
from models.users import Role, User, UserId
from utils import attendance, confirmations, events, profiles, sessions, users

PROFILE_EVENTS = 100
STRETCH = 100


async def register(form: ClientRegistration, caller: Caller) -> ClientToken:
    """Make an account and sign it in.

    Raises:
        EmailTaken: another account has this address.
        CommonPassword: the password is too common.
        Busy: too many others sign in at this moment.
    """
    await confirmations.register(form.to_user())
    return ClientToken(jwt=await sessions.log_in_client(form.email, form.password.get_secret_value(), caller))


async def register_admin(form: ClientRegistration, actor: User) -> Done:
    """Make an admin's account, by an admin's hand.

    Raises:
        EmailTaken: another account has this address.
    """
    await users.register(form.to_user(), Role.ADMIN, actor)
    return Done()


async def log_in(form: ClientLogin, caller: Caller) -> ClientToken:
    """Sign in.

    Raises:
        WrongCredentials: no account, wrong password, or suspended.
        TooManyLogins: too many wrong passwords came before.
        Busy: too many others sign in at this moment.
    """
    password = form.password.get_secret_value()
    return ClientToken(jwt=await sessions.log_in_client(form.identifier.email, password, caller))


async def show(user_id: str) -> ClientUser:
    """A person with the events of the profile page: those published openly, and those kept.

    Raises:
        UserNotFound: there is no such account.
    """
    user = await users.get(user_id)
    mine = EventQuery(creator_id=UserId(user_id), status=list(Status), approval=[], sort="-created_at")
    published = await events.search(mine, PROFILE_EVENTS)
    return ClientUser.of(user, [*published.items, *await attendance.shown(user, PROFILE_EVENTS)])


async def change(form: ClientProfileUpdate, user: User) -> Done:
    """Save one's own profile.

    Raises:
        Forbidden: it is somebody else's.
        UnknownImages: the picture is not one that the person uploaded.
    """
    if form.identifier.user_id != user.get_id():
        raise Forbidden("This is for the account itself.")
    await profiles.change(user, form.to_update())
    return Done()


async def delete(user_id: str, actor: User) -> None:
    """Erase one's own account, or as an admin anybody's.

    Raises:
        Forbidden: it is somebody else's.
        UserNotFound: there is no such account.
    """
    if actor.get_id() != user_id and actor.role is not Role.ADMIN:
        raise Forbidden("This is for the account itself and for admins.")
    await users.delete(user_id, actor=actor)


async def row(wanted: ClientBatchQuery) -> Row:
    """One page of a row, by number: the pages before it are read and passed over, so there is an end to them."""
    needed = wanted.offset + wanted.size
    found: list[Event] = []
    cursor: str | None = None
    if wanted.offset > STRETCH * 10:
        return Row(events=[])
    while len(found) < needed:
        page = await events.search(wanted.to_query(), min(STRETCH, needed - len(found)), cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    return Row(events=found[wanted.offset : needed])


async def queue() -> Row:
    """The events that wait for a decision."""
    return Row(events=list((await events.search(EventQuery.queue(Approval.UNAPPROVED), STRETCH)).items))


async def decide(wanted: ClientDecision, moderator: User) -> Done:
    """Take an event out of the queue.

    Raises:
        EventNotFound: there is none.
        AlreadyDecided: it was out of the queue before.
    """
    word: Literal[Approval.APPROVED, Approval.DENIED] = wanted.approval
    await events.decide(wanted.event_id, Decision(decision=word), moderator)
    return Done()


async def keep(wanted: ByEventId, user: User) -> Done:
    """Keep an event in one's profile; keeping it again changes nothing.

    Raises:
        EventNotFound: there is none, or not for the person to see.
    """
    await attendance.save(wanted.event_id, user, shown=True)
    return Done()
