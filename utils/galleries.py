"""What is shown where: images that nothing shows any longer go with the last event that did."""

from models.notices import EventDeleted
from utils import events, images, users


async def on_event_deleted(notice: EventDeleted) -> None:
    """Remove the images that its creator had uploaded for it."""
    creator = await users.find(notice.creator_id)
    if creator is None:
        return
    lonely = [
        image_id
        for image_id in notice.image_ids
        if image_id != creator.image_id and not await events.showing_image(image_id)
    ]
    await images.discard(notice.creator_id, lonely)
