"""What happens by a link in a letter: confirming an address, changing it, choosing a new password."""

import hmac
import time

from models.auth import Caller
from models.confirmations import AddressChange, PasswordReset, ResetRequest
from models.mail import Purpose, Template
from models.notices import PasswordChanged, SignedIn
from models.users import User, UserCreate, fold_email
from utils import attempts, mail, passwords, secrets, sessions, tokens, users

WINDOW_S = 120  # at most one letter of a kind to an address in this time


async def register(form: UserCreate) -> User:
    """Make an account, and ask whether the address is its owner's.

    Raises:
        EmailTaken: another account has this address.
        CommonPassword: the password is too common.
        Busy: too many others wait for a password to be hashed.
    """
    user = await users.register(form)
    await mail.send(Template.VERIFY_ADDRESS, user.get_id(), once_key=f"welcome:{user.get_id()}")
    return user


async def confirm_address(token: str) -> None:
    """Take an address for proven; it becomes the account's own if the link was one to change it.

    Raises:
        LinkNotValid: the token is used up, expired, or none, or the account has another address by now.
        EmailTaken: another account has taken the address meanwhile.
    """
    held = await tokens.redeem(token, Purpose.VERIFY_ADDRESS, Purpose.CHANGE_ADDRESS)
    if held.purpose is Purpose.VERIFY_ADDRESS:
        await users.prove_address(held.user_id, held.address)
        return
    former = await users.change_address(held.user_id, held.address)
    await tokens.revoke(held.user_id, *Purpose)
    key = f"changed:{held.get_id()}"
    await mail.send(Template.ADDRESS_CHANGED, held.user_id, once_key=key, address=former.email)


async def request_reset(form: ResetRequest) -> None:
    """Have a link sent to an account's address, if there is an account.

    Nothing here depends on whether there is one: that is only looked up when the letter is about to be sent.
    """
    address = fold_email(form.email)
    await mail.send(Template.RESET_PASSWORD, None, address=address, once_key=_once("reset", address))


async def reset_password(form: PasswordReset) -> None:
    """Give an account another password and end all its sessions; whoever reads the letters has proved the address.

    Raises:
        LinkNotValid: the token is used up, expired, or none, or the account has another address by now.
        CommonPassword: the new password is too common; the link stays good.
        Busy: too many others wait for a password to be hashed.
    """
    token = form.token.get_secret_value()
    held = await tokens.get(token, Purpose.RESET_PASSWORD)
    renewed = await passwords.hash_password(form.password.get_secret_value())
    await tokens.redeem(token, Purpose.RESET_PASSWORD)
    await users.prove_address(held.user_id, held.address)
    await users.set_password(held.user_id, renewed)
    await attempts.forgive(held.address)


async def request_change(user: User, form: AddressChange, caller: Caller) -> None:
    """Send a link to another address, and word of it to the present one; the present address gets its first link again.

    The answer is the same when the address is taken: only its own reader learns that.

    Raises:
        WrongPassword: it is not the account's.
        TooManyLogins, Busy: as when signing in.
    """
    await sessions.confirm(user, form.password.get_secret_value(), caller)
    user_id, key = user.get_id(), _once("change", user.get_id(), form.email)
    if form.email == user.email:
        await mail.send(Template.VERIFY_ADDRESS, user_id, once_key=key)
        return
    holder = await users.find_by_email(form.email)
    if holder is None or holder.get_id() == user_id:
        await mail.send(Template.CONFIRM_ADDRESS, user_id, once_key=key, address=form.email)
    await mail.send(Template.ADDRESS_CHANGING, user_id, once_key=f"word of {key}", address=user.email)


async def on_password_changed(notice: PasswordChanged) -> None:
    """Tell the owner, and make the links useless that whoever knew the old password may have asked for."""
    await tokens.revoke(notice.user_id, Purpose.RESET_PASSWORD, Purpose.CHANGE_ADDRESS)
    await mail.send(Template.PASSWORD_CHANGED, notice.user_id)


async def on_signed_in(notice: SignedIn) -> None:
    """Tell the owner of a device that was not seen before."""
    if not notice.familiar:
        key = f"signed-in:{notice.session_id}"
        await mail.send(Template.SIGNED_IN, notice.user_id, {"device": notice.device}, once_key=key)


def _once(kind: str, *parts: str) -> str:
    """A key that holds for a while, and tells nothing of the address in it."""
    window = int(time.time() // WINDOW_S)
    named = "\0".join((kind, *parts, str(window))).encode()
    return f"{kind}:{hmac.digest(secrets.signing_keys()[0], named, 'sha256').hex()}"
