"""tantivy, seen from here: its import, its schema and its errors."""

from collections.abc import Generator
from contextlib import contextmanager
from functools import cache

import tantivy

from semantic_memory.core.errors import BackendUnavailableError, CorruptDataError, StorageFullError

LAYOUT = 1
"""Number of the schema below and of the words' analysis."""
NO_SPACE = "os error 28"
"""How tantivy's messages name a full disk."""


@cache
def schema() -> tantivy.Schema:
    """`id` deletes, `high` and `low` are its halves for cheap reading, `terms` score, `exact` holds phrases, the rest filters.

    Words arrive analysed and joined by spaces.
    """
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("high", fast=True)
    builder.add_unsigned_field("low", fast=True)
    builder.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("exact", tokenizer_name="whitespace", index_option="position")
    builder.add_text_field("facts", tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("modified", indexed=True, fast=True)
    return builder.build()


@contextmanager
def reading() -> Generator[None]:
    """tantivy raises ValueError for everything; when reading it means a missing or damaged file."""
    try:
        yield
    except ValueError as error:
        raise CorruptDataError(f"the keyword index cannot be read: {error}") from error


@contextmanager
def writing() -> Generator[None]:
    try:
        yield
    except ValueError as error:
        if NO_SPACE in str(error):
            raise StorageFullError from error
        raise BackendUnavailableError(f"the keyword index cannot be written: {error}") from error
