"""Images over HTTP: what is kept of them, how they are served, who may remove them."""

import asyncio
from io import BytesIO

import pytest
from httpx import AsyncClient
from PIL import Image, ImageCms, ImageStat

from tests.conftest import Bearer
from tests.pictures import opened, picture, upload


async def test_an_uploaded_image_is_described_and_can_be_had(api: AsyncClient, bearer: Bearer) -> None:
    content = picture("PNG", (200, 100))

    made = await upload(api, await bearer("ada"), content)
    served = await api.get(made.json()["url"])

    assert made.status_code == 201
    assert made.headers["location"] == made.json()["url"] == f"/v1/images/{made.json()['id']}"
    assert made.json() | {"id": "", "url": ""} == {
        "id": "",
        "url": "",
        "width": 200,
        "height": 100,
        "content_type": "image/jpeg",
        "bytes": len(served.content),
    }
    assert opened(served.content).size == (200, 100)


async def test_an_image_is_served_for_good_and_locked_in(api: AsyncClient, bearer: Bearer) -> None:
    made = await upload(api, await bearer("ada"), picture())

    served = await api.get(made.json()["url"])

    assert served.headers["etag"] == made.headers["etag"]
    assert served.headers["content-type"] == "image/jpeg"
    assert served.headers["content-length"] == str(len(served.content))
    assert served.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert served.headers["content-disposition"] == "inline"
    assert served.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert served.headers["cross-origin-resource-policy"] == "cross-origin"
    assert served.headers["x-content-type-options"] == "nosniff"


async def test_head_tells_the_same_without_the_picture(api: AsyncClient, bearer: Bearer) -> None:
    made = await upload(api, await bearer("ada"), picture())

    head = await api.head(made.json()["url"])

    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == str(made.json()["bytes"])
    assert head.headers["etag"] == made.headers["etag"]


async def test_who_has_the_image_gets_no_bytes_again(api: AsyncClient, bearer: Bearer) -> None:
    made = await upload(api, await bearer("ada"), picture())
    held = made.headers["etag"]

    again = await api.get(made.json()["url"], headers={"If-None-Match": f'"other", {held}'})
    other = await api.get(made.json()["url"], headers={"If-None-Match": '"other"'})

    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", held)
    assert again.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert other.status_code == 200


async def test_the_entity_tag_depends_on_the_bytes_alone(api: AsyncClient, bearer: Bearer) -> None:
    one, same, other = [
        await upload(api, await bearer("ada"), content) for content in (picture(), picture(), picture(size=(63, 48)))
    ]

    assert one.headers["etag"] == same.headers["etag"] != other.headers["etag"]
    assert one.json()["id"] != same.json()["id"]


@pytest.mark.parametrize(("width", "served_width"), [(320, 320), (640, 640), (1280, 1000), (None, 1000)])
async def test_variants_are_narrower_and_never_enlarged(
    api: AsyncClient, bearer: Bearer, width: int | None, served_width: int
) -> None:
    made = await upload(api, await bearer("ada"), picture(size=(1000, 500)))

    served = await api.get(made.json()["url"], params={"width": width} if width else {})

    assert opened(served.content).size == (served_width, served_width // 2)
    assert (served.headers["etag"] == made.headers["etag"]) is (served_width == 1000)


@pytest.mark.parametrize("width", ["321", "0", "-320", "1e3", "320px", "", "99999999999999999999", "nan"])
async def test_other_widths_are_refused(api: AsyncClient, bearer: Bearer, width: str) -> None:
    made = await upload(api, await bearer("ada"), picture())

    refused = await api.get(made.json()["url"], params={"width": width})

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "#/query/width"


async def test_what_is_kept_is_bounded_in_size(api: AsyncClient, bearer: Bearer) -> None:
    made = await upload(api, await bearer("ada"), picture(size=(4000, 1000)))

    assert (made.json()["width"], made.json()["height"]) == (2560, 640)


@pytest.mark.parametrize(
    ("kind", "mode", "kept_as"),
    [
        ("JPEG", "RGB", "JPEG"),
        ("JPEG", "L", "JPEG"),
        ("JPEG", "CMYK", "JPEG"),
        ("PNG", "RGB", "JPEG"),
        ("PNG", "RGBA", "JPEG"),  # wholly opaque
        ("PNG", "1", "JPEG"),
        ("PNG", "I;16", "JPEG"),
        ("PNG", "P", "JPEG"),
        ("WEBP", "RGB", "JPEG"),
        ("GIF", "P", "JPEG"),
    ],
)
async def test_all_accepted_formats_look_the_same_afterwards(
    api: AsyncClient, bearer: Bearer, kind: str, mode: str, kept_as: str
) -> None:
    content = picture(kind, (64, 48), mode) if mode != "I;16" else _grey_16()

    made = await upload(api, await bearer("ada"), content)
    kept = opened((await api.get(made.json()["url"])).content)

    assert (made.status_code, kept.format, kept.size) == (201, kept_as, (64, 48))
    left, right = (ImageStat.Stat(kept.convert("L").crop(half)).mean[0] for half in ((0, 0, 32, 48), (32, 0, 64, 48)))
    assert left - right > 30  # red is lighter than blue


def _grey_16() -> bytes:
    drawn = Image.new("I;16", (64, 48), 10_000)
    drawn.paste(50_000, (0, 0, 32, 48))
    buffer = BytesIO()
    drawn.save(buffer, "PNG")
    return buffer.getvalue()


async def test_what_shines_through_goes_on_shining_through(api: AsyncClient, bearer: Bearer) -> None:
    buffer = BytesIO()
    Image.new("RGBA", (400, 40), (255, 0, 0, 128)).save(buffer, "PNG")

    made = await upload(api, await bearer("ada"), buffer.getvalue())
    small = opened((await api.get(made.json()["url"], params={"width": 320})).content)

    assert made.json()["content_type"] == "image/webp"
    assert (small.format, small.mode, small.size) == ("WEBP", "RGBA", (320, 32))


async def test_an_animation_becomes_its_first_frame(api: AsyncClient, bearer: Bearer) -> None:
    buffer = BytesIO()
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "green", "blue")]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])

    made = await upload(api, await bearer("ada"), buffer.getvalue())
    kept = opened((await api.get(made.json()["url"])).content)

    assert getattr(kept, "n_frames", 1) == 1
    assert kept.convert("RGB").getpixel((20, 20))[0] > 250  # type: ignore[index]  # three bands


async def test_a_photograph_is_turned_upright_and_says_nothing_of_where_it_was_taken(
    api: AsyncClient, bearer: Bearer
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: the camera was held upright
    exif[0x010F] = "Secret Camera Maker"
    exif.get_ifd(0x8825)[1] = "N"
    content = picture("JPEG", (400, 200), exif=exif, comment=b"secret comment", xmp=b"<x:xmpmeta>secret</x:xmpmeta>")

    made = await upload(api, await bearer("ada"), content)
    served = (await api.get(made.json()["url"])).content

    assert (made.json()["width"], made.json()["height"]) == (200, 400)
    assert b"ecret" in content
    assert b"ecret" not in served
    assert not opened(served).getexif()
    assert not {"exif", "xmp", "comment", "icc_profile"} & opened(served).info.keys()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")  # which Pillow reads over
async def test_broken_exif_does_not_spoil_a_good_picture(api: AsyncClient, bearer: Bearer) -> None:
    content = picture("JPEG", exif=b"Exif\x00\x00MM\x00\x2a\xff\xff\xff\xff not a directory")

    assert (await upload(api, await bearer("ada"), content)).status_code == 201


async def test_colours_are_converted_to_srgb_and_the_profile_dropped(api: AsyncClient, bearer: Bearer) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    odd = picture("PNG", icc_profile=profile)  # makes no sense for RGB, and is left out of account
    srgb = picture("PNG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())

    for content in (odd, srgb):
        made = await upload(api, await bearer("ada"), content)
        kept = opened((await api.get(made.json()["url"])).content)
        assert made.status_code == 201
        assert "icc_profile" not in kept.info
        assert kept.getpixel((10, 20))[0] > 240  # type: ignore[index]  # three bands


async def test_uploads_at_once_are_each_kept_whole(api: AsyncClient, bearer: Bearer) -> None:
    headers = await bearer("ada")
    sizes = [(300 + 20 * n, 200) for n in range(12)]

    made = await asyncio.gather(*(upload(api, headers, picture("PNG", size)) for size in sizes))
    served = await asyncio.gather(*(api.get(one.json()["url"]) for one in made))

    assert [opened(one.content).size for one in served] == sizes
