"""Pictures for the demonstration: a dusk of two colours, a disc and hills, tinted by what the event is about."""

from io import BytesIO
from random import Random

from PIL import Image, ImageDraw

from models.events import Tag

SIZE = (1280, 720)
Colour = tuple[int, int, int]

_SKIES: dict[Tag, tuple[Colour, Colour]] = {
    Tag.SPORT: ((13, 94, 99), (134, 226, 171)),
    Tag.FOOD: ((140, 30, 45), (255, 190, 92)),
    Tag.ART: ((70, 30, 110), (250, 140, 170)),
    Tag.MUSIC: ((20, 20, 70), (220, 80, 150)),
    Tag.MEETING: ((25, 60, 110), (150, 200, 240)),
    Tag.CLASS: ((50, 80, 40), (235, 220, 130)),
    Tag.PAID: ((40, 30, 20), (230, 180, 80)),
}


def draw(tag: Tag, chance: Random) -> BytesIO:
    """Draw a picture; the same one for the same state of `chance`."""
    dark, light = _SKIES[tag]
    sky = Image.linear_gradient("L").resize(SIZE)
    picture = Image.composite(Image.new("RGB", SIZE, light), Image.new("RGB", SIZE, dark), sky)
    pen = ImageDraw.Draw(picture)
    x, y, radius = chance.randint(200, 1080), chance.randint(180, 400), chance.randint(70, 150)
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_mix(light, (255, 255, 255), 0.6))
    for depth in (0.45, 0.7, 0.95):
        pen.polygon(_hill(chance, depth), fill=_mix(light, dark, depth))
    file = BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _hill(chance: Random, depth: float) -> list[tuple[float, float]]:
    """An outline that rises and falls, nearer ones lower down."""
    width, height = SIZE
    top = height * (0.45 + depth * 0.4)
    steps = [(width * step / 6, top + chance.uniform(-60, 60)) for step in range(7)]
    return [*steps, (width, height), (0, height)]
