"""Settings and the one FastAPI instance; the only module that reads the environment."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from fastapi import FastAPI
from pydantic import Field, PositiveFloat, PositiveInt, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

NAME = "Underline API"
VERSION = "1.0.0"
MIN_SECRET_BYTES = 32
CODE = Path(__file__).parents[1]
LOCAL_ORIGINS = r"http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"


class Environment(StrEnum):
    """Where the service runs."""

    LOCAL = "local"
    TEST = "test"
    STAGING = "staging"
    PRODUCTION = "production"


class DocsAccess(StrEnum):
    """Who may read the API pages."""

    PUBLIC = "public"
    ADMIN = "admin"
    OFF = "off"


class LogFormat(StrEnum):
    """How log lines look."""

    JSON = "json"
    CONSOLE = "console"


class Settings(BaseSettings):
    """Read once at start-up; a bad value stops the process before it serves."""

    model_config = SettingsConfigDict(
        env_file=CODE / ".env", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    environment: Environment = Environment.LOCAL
    dyno: str | None = None  # Heroku sets it: production, whatever ENVIRONMENT says
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    web_concurrency: PositiveInt = 2
    forwarded_allow_ips: str | None = None  # proxies whose X-Forwarded-For is believed; None: see trusted_proxies

    mongo_db_uri: SecretStr | None = None  # None: the embedded store, never in production
    mongo_db_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,38}$")] = "underline"
    mongo_timeout_ms: PositiveInt = 5_000
    request_timeout_s: PositiveFloat = 20  # then a request is given up; cleaning up after it may take 5 s more
    data_dir: Path = CODE / ".data"

    redis_url: SecretStr | None = None  # None: the queue is in memory, and no worker process is needed
    mail_url: SecretStr = SecretStr("console:")  # file:DIR, smtp://user:pass@host:port, smtps://…
    mail_from: str | None = None  # None: no-reply at the host of PUBLIC_URL
    chores_every_s: Annotated[float, Field(ge=0)] = 5  # how often due letters and the like are looked for; 0: never

    jwt_secret_key: SecretStr | None = None
    jwt_secret_key_previous: SecretStr | None = None

    argon2_time_cost: PositiveInt = 3  # RFC 9106, section 4, second recommended option
    argon2_memory_kib: PositiveInt = 65_536
    argon2_lanes: PositiveInt = 4
    hashes_at_once: PositiveInt = 2  # of one worker; each takes argon2_memory_kib
    hashes_waiting: PositiveInt = 100  # beyond, logins are answered 503
    refusal_step_ms: Annotated[int, Field(ge=0)] = 600  # refused logins are answered after a multiple of it

    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    public_url: str = "http://localhost:8000"
    security_contact: Annotated[str | None, Field(pattern=r"^(mailto:|https://)\S+$")] = (
        None  # None: security@ at the host of PUBLIC_URL
    )
    default_timezone: str = "UTC"
    docs_access: DocsAccess = DocsAccess.PUBLIC
    rate_limit_enabled: bool = True  # False for load tests; the count of wrong passwords stays
    metrics_token: SecretStr | None = None  # None: /metrics is open locally, and not there in a deployment
    log_level: str = "INFO"
    log_format: LogFormat | None = None  # None: console locally, JSON elsewhere
    otel_exporter_otlp_endpoint: Annotated[str | None, Field(pattern=r"^https?://")] = None  # None: no traces
    otel_exporter_otlp_traces_endpoint: Annotated[str | None, Field(pattern=r"^https?://")] = None  # wins, as it is
    sentry_dsn: SecretStr | None = None  # None: no reports

    @field_validator("cors_origins", "allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Read a comma-separated list."""
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("data_dir")
    @classmethod
    def _in_the_checkout(cls, value: Path) -> Path:
        """A command that is started in another folder means the same data."""
        return CODE / value

    @field_validator("mail_url")
    @classmethod
    def _known_scheme(cls, value: SecretStr) -> SecretStr:
        url = urlsplit(value.get_secret_value())
        if url.scheme not in ("console", "file", "smtp", "smtps"):
            raise ValueError("MAIL_URL is console:, file:DIR, smtp://… or smtps://…")
        if url.scheme == "file" and not url.path:
            raise ValueError("MAIL_URL names no folder: file:DIR")
        if url.scheme.startswith("smtp") and not url.hostname:
            raise ValueError("MAIL_URL names no host: smtp://user:pass@host:port")
        return value

    @field_validator("sentry_dsn")
    @classmethod
    def _a_dsn(cls, value: SecretStr | None) -> SecretStr | None:
        url = urlsplit(value.get_secret_value()) if value else None
        if url is not None and not (url.scheme in ("http", "https") and url.username and url.path.strip("/").isdigit()):
            raise ValueError("SENTRY_DSN is https://KEY@HOST/PROJECT")
        return value

    @property
    def production(self) -> bool:
        """Whether the strict rules of a deployment hold."""
        return self.environment is Environment.PRODUCTION or self.dyno is not None

    @property
    def hosted(self) -> bool:
        """Whether this is a deployment of any kind, not somebody's machine or a test run."""
        return self.production or self.environment is Environment.STAGING

    @property
    def place(self) -> str:
        """The environment, as traces and reports name it."""
        return str(Environment.PRODUCTION if self.production else self.environment)

    @property
    def traces_endpoint(self) -> str | None:
        """Where spans go (OTLP over HTTP); None: nowhere."""
        if self.otel_exporter_otlp_traces_endpoint or self.otel_exporter_otlp_endpoint is None:
            return self.otel_exporter_otlp_traces_endpoint
        return f"{self.otel_exporter_otlp_endpoint.rstrip('/')}/v1/traces"

    @property
    def trusted_proxies(self) -> str:
        """Whose `X-Forwarded-For` is believed: Heroku's routers, a proxy on the same machine, locally nobody's.

        The client is then the last hop that is not one of them, whatever the client itself wrote there.
        """
        if self.forwarded_allow_ips:
            return self.forwarded_allow_ips
        if self.dyno:
            return "10.0.0.0/8"
        return "127.0.0.1,::1" if self.hosted else ""

    @property
    def console_logs(self) -> bool:
        """Whether log lines are for people rather than for a collector."""
        wanted = self.log_format or (LogFormat.JSON if self.hosted else LogFormat.CONSOLE)
        return wanted is LogFormat.CONSOLE

    @model_validator(mode="after")
    def _complete(self) -> Self:
        """Refuse to start a deployment on a default that is only safe on one's own machine."""
        faults = self._faults() if self.hosted else []
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _faults(self) -> list[str]:
        """Name each setting that a deployment lacks or has too weak."""
        secret = self.jwt_secret_key.get_secret_value().encode() if self.jwt_secret_key else b""
        previous = self.jwt_secret_key_previous
        checks = {
            "MONGO_DB_URI is missing": self.mongo_db_uri is None,
            "JWT_SECRET_KEY is missing": not secret,
            "JWT_SECRET_KEY is shorter than 32 bytes": 0 < len(secret) < MIN_SECRET_BYTES,
            "JWT_SECRET_KEY_PREVIOUS is shorter than 32 bytes": previous is not None
            and len(previous.get_secret_value().encode()) < MIN_SECRET_BYTES,
            "CORS_ORIGINS is missing": not self.cors_origins,
            "CORS_ORIGINS must name origins, not *": "*" in self.cors_origins,
            "ALLOWED_HOSTS is missing": not self.allowed_hosts,
            "ALLOWED_HOSTS must name hosts, not *": "*" in self.allowed_hosts,
            "FORWARDED_ALLOW_IPS must name proxies, not *": "*" in (self.forwarded_allow_ips or ""),
        }
        return [fault for fault, found in checks.items() if found]


def _read() -> Settings:
    """Read the settings, or end with one line for each that is wrong; what they hold is not shown."""
    try:
        return Settings()
    except ValidationError as error:
        faults = [line for fault in error.errors(include_input=False) for line in _explained(fault)]
        sys.exit("The service does not start:\n" + "\n".join(f"- {fault}" for fault in faults))


def _explained(fault: ErrorDetails) -> list[str]:
    text = fault["msg"].removeprefix("Value error, ")
    place = ".".join(str(part) for part in fault["loc"]).upper()
    return [f"{place}: {text}"] if place else text.split("; ")


settings = _read()

app = FastAPI(
    title=NAME,
    version=VERSION,
    openapi_url=None,
    docs_url=None,  # routes/pages.py serves the pages from bundled assets, under a strict CSP
    redoc_url=None,
    telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},  # it would send queries
    redirect_slashes=False,  # config/middleware.py takes a trailing slash off instead: no redirect loses a body
)
