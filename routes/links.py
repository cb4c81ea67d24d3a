"""The pages that links in letters open. Opening one changes nothing; its form sends the token to the operation."""

from fastapi import Request, Response

from docs import links as docs
from models.users import Language
from routes._html import page
from routes._operations import Operations

api = Operations("links")


@api.router.get("/verify-email", include_in_schema=False)
def verify_email(request: Request) -> Response:
    return _page(request, docs.VERIFY, "/v1/auth/verify-email")


@api.router.get("/reset-password", include_in_schema=False)
def reset_password(request: Request) -> Response:
    return _page(request, docs.RESET, "/v1/auth/password-reset/confirm")


def _page(request: Request, texts: dict[str, dict[str, str]], operation: str) -> Response:
    preferred = request.headers.get("accept-language", "").strip().lower()
    language = Language.SPANISH if preferred.startswith("es") else Language.ENGLISH
    answer = page("link.html", language=language.value, text=texts[language], operation=operation)
    answer.headers["Vary"] = "Accept-Language"
    return answer
