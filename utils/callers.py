"""What a request tells of where it comes from, cut down to what is worth keeping."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# In this order: later browsers name earlier ones in their User-Agent.
_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
    "curl": "curl",
    "httpx": "a Python program",
    "python": "a Python program",
    "okhttp": "an app",
    "Dart": "an app",
    "CFNetwork": "an app",
}
_SYSTEMS = {
    "Windows": "Windows",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


def device(agent: str) -> str:
    """Browser and system in words, from a User-Agent header."""
    browser = _named(agent, _BROWSERS) or "an unknown client"
    system = _named(agent, _SYSTEMS)
    return f"{browser} on {system}" if system else browser


def prefix(address: str) -> str:
    """The network of an address, wide enough not to tell a household: /24, or /48 of IPv6."""
    return _within(address, 24, 48)


def source(address: str) -> str:
    """What counts as one source of guesses: an address, or the /64 that one IPv6 customer has at least."""
    return _within(address, 32, 64)


def _named(agent: str, names: dict[str, str]) -> str | None:
    return next((name for marker, name in names.items() if marker in agent), None)


def _within(address: str, bits: int, bits_6: int) -> str:
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return str(ip_network((parsed.packed, bits if parsed.version == 4 else bits_6), strict=False))  # noqa: PLR2004  # IPv4
