"""What a person shows: the account, with images that the person uploaded."""

from models.exceptions import UnknownImages
from models.users import User, UserUpdate
from utils import images, users


async def change(user: User, changes: UserUpdate, versions: tuple[int, ...] | None = None) -> User:
    """Change one's own account.

    Raises:
        UnknownImages: the picture is not one that the person uploaded.
        UserNotFound: the account is gone.
        PreconditionFailed: it is at none of `versions`.
    """
    wanted = {changes.image_id} if changes.image_id else set()
    if wanted and await images.missing(user.get_id(), wanted):
        raise UnknownImages("The image is not there, or not yours.", pointer="/image_id")
    return await users.change(user.get_id(), changes, versions)
