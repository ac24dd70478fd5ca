"""The HTTP application: settings in, an ASGI application out."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import TypeAlias

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from semantic_memory import __version__
from semantic_memory.api.bootstrap import ensure_admin
from semantic_memory.api.documentation import add_documentation
from semantic_memory.api.errors import add_error_handlers
from semantic_memory.api.limits import FORM_OVERHEAD_BYTES, JSON_BODY, UPLOAD_SECONDS, BodyBounds, BodyLimit, Gate, TenantGates
from semantic_memory.api.metrics import Metrics
from semantic_memory.api.middleware import REQUEST_ID_HEADER, Authentication, SecurityHeaders, Telemetry
from semantic_memory.api.openai_errors import OpenAIErrors
from semantic_memory.api.passwords import Passwords
from semantic_memory.api.problems import describe_problems
from semantic_memory.api.routes import auth, documents, health, jobs, memory, openai
from semantic_memory.api.security import Authenticator
from semantic_memory.api.services import Services
from semantic_memory.api.signing_key import signing_key
from semantic_memory.api.throttle import LoginThrottle
from semantic_memory.api.tokens import Tokens
from semantic_memory.api.uploads import remove_abandoned
from semantic_memory.core.errors import ConfigurationError
from semantic_memory.core.memory import Memory
from semantic_memory.core.settings import Settings
from semantic_memory.wiring import open_memory

MAX_SEARCHES = 64
MAX_UPLOADS = 16
MAX_STREAMS = 512
"""Requests of a kind under way at once; the next gets 503 and Retry-After at once."""

OpenMemory: TypeAlias = Callable[[Settings], AbstractAsyncContextManager[Memory]]
Announce: TypeAlias = Callable[[str, str], None]
"""Told the name and the one-time password of the account made at the first start."""

SERVING: OpenMemory = partial(open_memory, run_jobs=True)
"""The server also works on the uploads it accepts."""

TAGS = [
    {"name": "memory", "description": "Search and questions."},
    {"name": "ingest", "description": "Adding files."},
    {"name": "documents", "description": "What is kept."},
    {"name": "openai", "description": "The same for clients of OpenAI's API; failures have that API's shape."},
    {"name": "auth", "description": "Tokens."},
    {"name": "operations", "description": "For probes and monitoring; public."},
]


def create_app(settings: Settings, *, open_memory: OpenMemory = SERVING, announce: Announce | None = None) -> FastAPI:
    """The application; its lifespan opens and closes the memory. With `announce` the first start makes an administrator.

    Raises: ConfigurationError for settings that would not be safe.
    """
    tokens = Tokens(
        signing_key(settings),
        access_life=timedelta(minutes=settings.access_token_expires_minutes),
        refresh_life=timedelta(days=settings.refresh_token_expires_days),
    )
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        remove_abandoned(settings.data_dir / jobs.UPLOAD_FOLDER)
        async with open_memory(settings) as opened:
            app.state.services = services = _services(settings, opened, metrics, tokens)
            metrics.watch_dropped_rows(lambda: opened.rows_dropped)
            metrics.watch_cache(opened.cache)
            try:
                if announce is not None:
                    await _first_start(services, announce)
                yield
            finally:
                services.passwords.close()

    app = FastAPI(
        title="semantic-memory",
        version=__version__,
        summary="Search, questions with checked citations, and the documents behind them.",
        lifespan=lifespan,
        middleware=_middleware(settings, metrics),
        openapi_tags=TAGS,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    add_error_handlers(app)
    add_documentation(app)
    for module in (health, auth, memory, jobs, documents, openai):
        app.include_router(module.router)
    describe_problems(app)
    return app


def allowed_origins(setting: str) -> list[str]:
    """The origins of `APP_CORS_ORIGINS`. Raises: ConfigurationError unless each is a scheme and a host."""
    origins = [origin.strip() for origin in setting.split(",") if origin.strip()]
    for origin in origins:
        if not origin.startswith(("http://", "https://")) or "*" in origin or origin.count("/") != 2:
            raise ConfigurationError(f"APP_CORS_ORIGINS: {origin!r} is not an origin; write each as https://host or https://host:port")
    return origins


def _middleware(settings: Settings, metrics: Metrics) -> list[Middleware]:
    """Outermost first. CORS stands outside authentication, because a browser asks first without credentials."""
    upload = BodyBounds(settings.max_upload_bytes + FORM_OVERHEAD_BYTES, UPLOAD_SECONDS)
    origins = allowed_origins(settings.app_cors_origins)
    cors = Middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=["GET", "POST", "DELETE"],
        allow_headers=["Authorization", "Content-Type", REQUEST_ID_HEADER],
        expose_headers=["Location", "Retry-After", REQUEST_ID_HEADER],
    )
    return [
        Middleware(Telemetry, metrics=metrics),
        Middleware(SecurityHeaders),
        *([cors] if origins else []),
        Middleware(OpenAIErrors),
        Middleware(Authentication),
        Middleware(BodyLimit, default=JSON_BODY, per_path={jobs.INGEST_PATH: upload}),
    ]


def _services(settings: Settings, opened: Memory, metrics: Metrics, tokens: Tokens) -> Services:
    return Services(
        settings=settings,
        memory=opened,
        metrics=metrics,
        tokens=tokens,
        authenticator=Authenticator(opened.users, tokens),
        passwords=Passwords(),
        throttle=LoginThrottle(),
        searches=Gate(MAX_SEARCHES),
        uploads=Gate(MAX_UPLOADS),
        streams=TenantGates(MAX_STREAMS, settings.streams_per_tenant),
    )


async def _first_start(services: Services, announce: Announce) -> None:
    created = await ensure_admin(services.memory.users, services.passwords)
    if created is not None:
        announce(*created)
