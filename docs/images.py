"""What the API pages say of images."""

from docs._shapes import Operation, Tag, file_form

TAG: Tag = {
    "name": "images",
    "description": "Pictures for events and profiles. They are uploaded first, and then named by their `id` in "
    "`image_ids` of an event or `image_id` of a user. What is kept is drawn anew from the pixels: upright, in sRGB, at "
    "most 2,560 pixels on its longer side, and without any metadata such as the place where a photograph was taken. An "
    "animation becomes its first frame. Opaque pictures are kept as JPEG, others as WebP.\n\n"
    "Whoever knows the `id` may see the picture, with no token: `<img src>` works. It never changes, so caches may "
    "keep it for good. A deleted event takes along the images that its creator shows nowhere else.",
}

UPLOAD: Operation = {
    "summary": "Upload an image",
    "description": "Takes one JPEG, PNG, WebP or GIF file of at most 10 MB as the multipart field `file`, and at most "
    "40 million pixels (20 million where it is no JPEG). The content decides, not the file name or its declared type.",
    "response_description": "The image as it is kept.",
    "request_body": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": file_form(),
                "encoding": {"file": {"contentType": "image/jpeg, image/png, image/webp, image/gif"}},
            }
        },
    },
    "answer_example": {
        "id": "5b1f9a3e-7f0c-4a9e-8b57-2f0f1f6a7c11",
        "url": "/v1/images/5b1f9a3e-7f0c-4a9e-8b57-2f0f1f6a7c11",
        "width": 2560,
        "height": 1707,
        "content_type": "image/jpeg",
        "bytes": 412873,
    },
}

_PICTURE = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}

READ: Operation = {
    "summary": "Get an image",
    "description": "Answers with the picture itself, or with a narrower variant of it, never an enlarged one: where "
    "the image is no wider than `width` it comes as it is.",
    "response_description": "The picture.",
    "answer_content": {"image/jpeg": _PICTURE, "image/webp": _PICTURE},
}

DELETE: Operation = {
    "summary": "Delete an image",
    "description": "Removes an image of yours, or as a moderator anybody's. Events and profiles that show it go on "
    "without it.",
    "response_description": "It is gone.",
}
