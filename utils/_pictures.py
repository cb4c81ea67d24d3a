"""Decoding what people upload and encoding what is kept: pure functions of bytes, for a worker thread."""

from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO
from typing import BinaryIO

from PIL import Image as Pillow
from PIL import ImageCms, ImageOps, UnidentifiedImageError

from models.exceptions import TooLarge, UnsupportedMediaType, UnusableImage
from models.images import MAX_BYTES, MAX_PIXELS, MAX_PIXELS_WHOLE, MAX_SIDE, Rendition, Width

ACCEPTED = ("JPEG", "PNG", "WEBP", "GIF")
# libjpeg goes over all coefficients once per scan: a small file of many thousand empty scans keeps it busy for hours.
# Inside the coded data 0xFF is escaped, so that the marker only stands at a scan, or by chance in metadata.
MAX_SCANS = 100
_SCAN = b"\xff\xda"


@dataclass(frozen=True, slots=True)
class Encoded:
    """A picture and what to say of it."""

    data: bytes
    about: Rendition


def renditions(file: BinaryIO) -> tuple[Encoded, dict[Width, Encoded]]:
    """Clean and bound an uploaded picture, and make its narrower variants; none is wider than the picture itself.

    Raises:
        TooLarge: the file is.
        UnsupportedMediaType: it is none of the accepted formats, whatever its name or declared type says.
        UnusableImage: it is damaged, or too large once decoded.
    """
    _check_size(file)
    try:
        picture = _decode(file)
    except (UnusableImage, UnsupportedMediaType):
        raise
    except Exception as error:  # decoders meet hostile bytes, and raise nearly anything
        raise UnusableImage("The file is damaged or cut short.", pointer="/file") from error
    return _encode(picture), _narrower(picture)


def _check_size(file: BinaryIO) -> None:
    size = file.seek(0, 2)
    file.seek(0)
    if size > MAX_BYTES:
        raise TooLarge(f"An image has at most {MAX_BYTES} bytes.", limit=MAX_BYTES)
    if size == 0:
        raise UnusableImage("The file is empty.", pointer="/file")


def _decode(file: BinaryIO) -> Pillow.Image:
    """The first frame, upright, in sRGB, bounded, without any metadata."""
    with _opened(file) as opened:
        by_blocks = opened.format in {"JPEG", "MPO"}
        _check_pixels(opened, MAX_PIXELS if by_blocks else MAX_PIXELS_WHOLE)
        if by_blocks:
            _check_scans(file)
            opened.draft("RGB", _bounded(opened.size))  # decodes at 1/2, 1/4 or 1/8 of the size where that is enough
        opened.load()
        picture = _in_eight_bits(opened)
        return _plain(_upright(_resized(picture, _bounded(picture.size))))


def _opened(file: BinaryIO) -> Pillow.Image:
    """Read the header."""
    try:
        return Pillow.open(file, formats=ACCEPTED)
    except UnidentifiedImageError as error:
        raise UnsupportedMediaType("An image is a JPEG, PNG, WebP or GIF file.") from error
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as error:
        raise _too_many_pixels(MAX_PIXELS) from error


def _check_pixels(opened: Pillow.Image, most: int) -> None:
    """What the header announces is refused before anything is decoded."""
    if opened.width * opened.height > most:
        raise _too_many_pixels(most)


def _too_many_pixels(most: int) -> UnusableImage:
    return UnusableImage(f"This kind of image has at most {most} pixels.", pointer="/file")


def _bounded(size: tuple[int, int]) -> tuple[int, int]:
    """The largest size of the same shape that is kept."""
    share = min(1.0, MAX_SIDE / max(size))
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def _check_scans(file: BinaryIO) -> None:
    position = file.tell()
    file.seek(0)
    scans = file.read(MAX_BYTES).count(_SCAN)
    file.seek(position)
    if scans > MAX_SCANS:
        raise UnusableImage("The file has more scans than any camera or program writes.", pointer="/file")


def _in_eight_bits(picture: Pillow.Image) -> Pillow.Image:
    """The same in RGB or RGBA (or CMYK, which its colour profile still explains)."""
    if picture.mode.startswith("I"):  # 16 bits of grey, which conversion would clip instead of scaling
        picture = picture.point(lambda level: level / 256).convert("L")
    wanted = "RGBA" if picture.has_transparency_data else "RGB"
    return picture if picture.mode in {wanted, "CMYK"} else picture.convert(wanted)


def _upright(picture: Pillow.Image) -> Pillow.Image:
    """Turn the picture as its EXIF orientation says; EXIF that makes no sense is left out of account."""
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # noqa: BLE001  # many programs write broken EXIF, and reading it raises nearly anything
        return picture


def _plain(picture: Pillow.Image) -> Pillow.Image:
    """The pixels in sRGB and nothing else: a new picture, so that no metadata comes along."""
    target = "RGBA" if picture.mode == "RGBA" else "RGB"
    picture = _in_srgb(picture, target)
    if target == "RGBA" and picture.getchannel("A").getextrema() == (255, 255):
        target = "RGB"
    plain = picture.convert(target)
    plain.info = {}
    return plain


def _in_srgb(picture: Pillow.Image, target: str) -> Pillow.Image:
    """Apply the embedded colour profile; one that makes no sense is left out of account."""
    profile = picture.info.get("icc_profile")
    if not profile:
        return picture
    try:
        converted = ImageCms.profileToProfile(
            picture, BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode=target
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return converted or picture


def _narrower(picture: Pillow.Image) -> dict[Width, Encoded]:
    """Each from the next wider one, which costs a fraction of starting over."""
    made = {}
    for width in sorted(Width, reverse=True):
        if width < picture.width:
            picture = _resized(picture, (width, max(1, round(picture.height * width / picture.width))))
            made[width] = _encode(picture)
    return made


def _resized(picture: Pillow.Image, size: tuple[int, int]) -> Pillow.Image:
    if size == picture.size:
        return picture
    resized = picture.resize(size, Pillow.Resampling.LANCZOS, reducing_gap=2.0)
    resized.info = picture.info  # orientation and colour profile are still needed
    return resized


def _encode(picture: Pillow.Image) -> Encoded:
    """JPEG, the cheapest to make and to draw; WebP where something shines through."""
    buffer = BytesIO()
    if picture.mode == "RGBA":
        content_type = "image/webp"
        picture.save(buffer, "WEBP", quality=80, method=2)
    else:
        content_type = "image/jpeg"
        picture.save(buffer, "JPEG", quality=82, optimize=True)
    data = buffer.getvalue()
    digest = blake2b(data, digest_size=16).hexdigest()
    about = Rendition(
        content_type=content_type, width=picture.width, height=picture.height, bytes=len(data), digest=digest
    )
    return Encoded(data, about)
