"""What the demonstration is made of: real places with their coordinates, and words."""

from dataclasses import dataclass

from models.events import Tag


@dataclass(frozen=True, slots=True)
class Venue:
    """A place where things happen."""

    title: str
    address: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class City:
    """A city and its venues; every time is meant on its clocks."""

    name: str
    timezone: str
    venues: tuple[Venue, ...]


MIAMI = City(
    "Miami",
    "America/New_York",
    (
        Venue("Bayfront Park", "301 Biscayne Blvd", 25.7753, -80.1861),
        Venue("Pérez Art Museum Miami", "1103 Biscayne Blvd", 25.7859, -80.1862),
        Venue("Frost Museum of Science", "1101 Biscayne Blvd", 25.7853, -80.1879),
        Venue("Wynwood Walls", "2516 NW 2nd Ave", 25.8010, -80.1994),
        Venue("Lummus Park", "1130 Ocean Dr", 25.7826, -80.1305),
        Venue("South Pointe Park", "1 Washington Ave", 25.7650, -80.1338),
        Venue("Miami Beach Botanical Garden", "2000 Convention Center Dr", 25.7960, -80.1358),
        Venue("New World Center", "500 17th St", 25.7915, -80.1334),
        Venue("North Beach Bandshell", "7275 Collins Ave", 25.8606, -80.1205),
        Venue("Little Haiti Cultural Complex", "212 NE 59th Ter", 25.8307, -80.1925),
        Venue("Domino Park", "801 SW 15th Ave", 25.7655, -80.2192),
        Venue("Tower Theater", "1508 SW 8th St", 25.7653, -80.2195),
        Venue("Vizcaya Museum and Gardens", "3251 S Miami Ave", 25.7444, -80.2105),
        Venue("Peacock Park", "2820 McFarlane Rd", 25.7265, -80.2409),
        Venue("The Barnacle Historic State Park", "3485 Main Hwy", 25.7253, -80.2431),
        Venue("Coral Gables Museum", "285 Aragon Ave", 25.7508, -80.2591),
        Venue("Venetian Pool", "2701 De Soto Blvd", 25.7459, -80.2736),
        Venue("Fairchild Tropical Botanic Garden", "10901 Old Cutler Rd", 25.6770, -80.2727),
        Venue("Maurice A. Ferré Park", "1075 Biscayne Blvd", 25.7846, -80.1851),
        Venue("Crandon Park", "6747 Crandon Blvd, Key Biscayne", 25.7085, -80.1557),
        Venue("Florida International University", "11200 SW 8th St", 25.7562, -80.3755),
        Venue("University of Miami", "1320 S Dixie Hwy, Coral Gables", 25.7174, -80.2781),
    ),
)
MADRID = City(
    "Madrid",
    "Europe/Madrid",
    (
        Venue("Matadero Madrid", "Plaza de Legazpi 8", 40.3917, -3.6974),
        Venue("Parque del Retiro", "Plaza de la Independencia 7", 40.4153, -3.6845),
        Venue("La Casa Encendida", "Ronda de Valencia 2", 40.4060, -3.7002),
        Venue("Círculo de Bellas Artes", "Calle de Alcalá 42", 40.4183, -3.6965),
        Venue("Museo Reina Sofía", "Calle de Santa Isabel 52", 40.4080, -3.6946),
        Venue("Conde Duque", "Calle del Conde Duque 11", 40.4273, -3.7106),
        Venue("Plaza de Olavide", "Plaza de Olavide", 40.4328, -3.7008),
        Venue("Madrid Río", "Paseo de la Virgen del Puerto", 40.4140, -3.7219),
        Venue("Caixa Forum Madrid", "Paseo del Prado 36", 40.4111, -3.6936),
        Venue("Casa de Campo", "Paseo de la Puerta del Ángel 1", 40.4193, -3.7327),
    ),
)
CITIES = {city.name.lower(): city for city in (MIAMI, MADRID)}

THINGS: dict[Tag, tuple[str, ...]] = {
    Tag.SPORT: ("yoga", "beach volleyball", "5 km run", "pick-up football", "kayak tour", "bike ride", "pickleball"),
    Tag.FOOD: (
        "street food night",
        "empanada tasting",
        "farmers' market",
        "ceviche supper",
        "coffee cupping",
        "picnic",
    ),
    Tag.ART: ("gallery walk", "life drawing", "mural tour", "print fair", "poetry slam", "short film screening"),
    Tag.MUSIC: ("salsa night", "jazz jam", "open mic", "string quartet", "vinyl session", "rumba on the square"),
    Tag.MEETING: ("neighbourhood assembly", "Python meetup", "book club", "founders' breakfast", "language exchange"),
    Tag.CLASS: ("pottery class", "photography workshop", "salsa for beginners", "bread baking", "first-aid course"),
    Tag.PAID: ("benefit concert", "chef's table", "rooftop cinema", "guided night tour", "masterclass"),
}
MANNERS = ("Sunset", "Open-air", "Community", "Friday", "Family", "Late", "Beginners'", "Monthly", "Pop-up", "Big")
OPENINGS = (
    "Come as you are and bring a friend.",
    "We meet at the main entrance ten minutes before.",
    "Everything you need is there.",
    "For newcomers and old hands alike.",
)
DETAILS = (
    "There is water and shade, and the last bus leaves at midnight.",
    "If it rains we move indoors.",
    "Children are welcome with a grown-up.",
    "Seats are limited, so cancel if you cannot come.",
    "The venue is wheelchair accessible.",
)
FIRST_NAMES = (
    *("Ada", "Camila", "Mateo", "Sofía", "Marie-Claire", "Jean", "Noah", "Lucía", "Omar", "Priya", "Daniela", "Luis"),
    *("Grace", "Andrés", "Valentina", "Kofi", "Yuki", "Elena", "Samuel", "Renée", "Tomás", "Nadia", "Ivy", "José"),
)
LAST_NAMES = (
    *("García", "Baptiste", "O'Neill", "Rodríguez", "Johnson", "Pierre", "Fernández", "Nguyen", "Cohen", "Díaz"),
    *("Morales", "Williams", "Okafor", "Rossi", "Tanaka", "Castillo", "Smith", "Almeida", "Vázquez", "Lee"),
)
COMMENTS: dict[int | None, tuple[str, ...]] = {
    5: ("The best evening in months.", "Wonderful people, wonderful place."),
    4: ("Very nice, a bit crowded.", "Would come again."),
    3: ("Fine, but it started late.", "Good idea, poor sound."),
    2: ("Hard to find, and no water.",),
    1: ("It was over before it began.",),
    None: ("Does anybody still have the playlist?", "I left a blue umbrella there.", "See you next time!"),
}
