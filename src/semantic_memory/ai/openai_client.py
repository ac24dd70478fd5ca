"""What the OpenAI-compatible adapters share: the client and the translation of its errors."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from semantic_memory.core.errors import BackendResponseError, BackendTimeoutError, BackendUnavailableError, ConfigurationError
from semantic_memory.core.settings import Settings

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

OPENAI = "https://api.openai.com/v1"
TIMEOUT_S = 30.0
RETRIES = 2
"""With the client's own growing pauses, or the pause the server asks for; only for errors that may pass."""
REFUSALS = frozenset({401, 403, 404})
"""Status codes that only the operator can change: wrong key, no right to the model, no such model or address."""


def open_client(settings: Settings) -> "AsyncOpenAI":
    """Raises: ConfigurationError without key and address, or when `OFFLINE` forbids the address."""
    from openai import AsyncOpenAI

    key = settings.openai_api_key.get_secret_value()
    if not key and not settings.openai_base_url:
        raise ConfigurationError("an OpenAI-compatible endpoint needs OPENAI_API_KEY or OPENAI_BASE_URL")
    address = settings.openai_base_url or OPENAI
    if settings.offline and not _is_this_machine(address):
        raise ConfigurationError(f"OFFLINE forbids the endpoint {address!r}; choose EMBEDDER=minilm and CHAT_MODEL=extractive")
    return AsyncOpenAI(api_key=key or "none", base_url=address, timeout=TIMEOUT_S, max_retries=RETRIES)


@contextmanager
def translated_errors() -> Generator[None]:
    """Turns the client's errors into ours. Messages name the endpoint's answer, never the key or the text that was sent."""
    import openai

    try:
        yield
    except openai.APITimeoutError as error:
        raise BackendTimeoutError(f"the OpenAI-compatible endpoint did not answer within {TIMEOUT_S:.0f} s") from error
    except openai.APIConnectionError as error:
        raise BackendUnavailableError("the OpenAI-compatible endpoint cannot be reached, or broke off its answer") from error
    except openai.APIStatusError as error:
        raise _refusal(error) from error
    except (openai.OpenAIError, json.JSONDecodeError) as error:
        raise BackendResponseError("the OpenAI-compatible endpoint sent something that is no answer") from error


def _refusal(
    error: "APIStatusError",
) -> ConfigurationError | BackendUnavailableError | BackendResponseError:
    status = error.status_code
    if status in REFUSALS:
        return ConfigurationError(
            f"the OpenAI-compatible endpoint answered {status}: check OPENAI_API_KEY, OPENAI_BASE_URL and the model's name"
        )
    if status == 429 or status >= 500:
        return BackendUnavailableError(f"the OpenAI-compatible endpoint answered {status}")
    return BackendResponseError(f"the OpenAI-compatible endpoint refused the request with {status}")


def _is_this_machine(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
