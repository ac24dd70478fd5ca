"""The catalogue's tables. The migrations create them; a test keeps both equal.

Every row of a tenant carries it. Only the active version of a document is kept, so "current" needs no condition anywhere.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

BYTE_ORDERED = String().with_variant(String(collation="C"), "postgresql")
"""Text that sorts by code point in both databases, so that a prefix is a range of its index."""

SEQUENCE = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite counts up by itself only in a column declared INTEGER."""


class Moment(TypeDecorator[datetime]):
    """An aware datetime, stored as UTC; SQLite has no time zones, so they are put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is not None and value.tzinfo is None:
            raise ValueError(f"the time {value.isoformat()!r} needs a time zone")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


COLLECTIONS = Table(
    "collections",
    METADATA,
    Column("tenant", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("model", String, nullable=False),
    Column("dimension", Integer, nullable=False),
)

DOCUMENTS = Table(
    "documents",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("collection", String, nullable=False),
    Column("source", String, nullable=False),
    Column("path", BYTE_ORDERED, nullable=False),
    Column("media_type", String, nullable=False),
    Column("content_hash", String, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("pipeline", String, nullable=False),
    Column("title", Text),
    Column("language", String),
    Column("modified_at", Moment),
    Column("ingested_at", Moment, nullable=False),
    Column("state", String, nullable=False),
    Column("error", Text),
    Column("metadata", JSON, nullable=False),
    Column("block_count", Integer, nullable=False),
    Column("passage_count", Integer, nullable=False),
    UniqueConstraint("tenant", "collection", "source", "path"),
    Index(None, "tenant", "id"),
    Index(None, "tenant", "path"),
    Index(None, "tenant", "content_hash"),
)

BLOCKS = Table(
    "blocks",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("document_id", Uuid, ForeignKey(DOCUMENTS.c.id, ondelete="CASCADE"), nullable=False),
    Column("type", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("language", String),
    Column("position", Integer, nullable=False),
    Column("page", Integer),
    Column("metadata", JSON, nullable=False),
    Index(None, "document_id", "position"),
)

PASSAGES = Table(
    "passages",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("document_id", Uuid, ForeignKey(DOCUMENTS.c.id, ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("heading_path", JSON, nullable=False),
    Column("block_types", JSON, nullable=False),
    Column("language", String),
    Column("parts", JSON, nullable=False),
    Column("token_count", Integer, nullable=False),
    Index(None, "document_id", "position", "id"),
)
"""The index holds the id too, so that listing ids never reads texts."""

EMBEDDINGS = Table(
    "embeddings",
    METADATA,
    Column("passage_id", Uuid, ForeignKey(PASSAGES.c.id, ondelete="CASCADE"), primary_key=True),
    Column("model", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("vector", LargeBinary, nullable=False),
)
"""`vector` is float32, little-endian."""

CHANGES = Table(
    "changes",
    METADATA,
    Column("sequence", SEQUENCE, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("collection", String, nullable=False),
    Column("passage_id", Uuid, nullable=False),
    UniqueConstraint("passage_id"),
    sqlite_autoincrement=True,
)
"""A row whose passage is gone is its removal: rows outlive passages, so there is no foreign key."""

JOBS = Table(
    "jobs",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("content_hash", String),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", Text),
    Column("result", JSON(none_as_null=True)),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("worker", String),
    Column("lease_until", Moment),
    Index(None, "state", "created_at", "id"),
    Index(None, "tenant", "state"),
    Index(None, "tenant", "content_hash"),
)

USERS = Table(
    "users",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("username", String, nullable=False),
    Column("password_hash", String, nullable=False),
    Column("role", String, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("token_version", Integer, nullable=False),
    UniqueConstraint("username"),
)

LEASES = Table(
    "leases",
    METADATA,
    Column("name", String, primary_key=True),
    Column("holder", String, nullable=False),
    Column("held_until", Moment, nullable=False),
)
"""Belongs to no tenant, as the next table."""

INDEXES = Table(
    "indexes",
    METADATA,
    Column("kind", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("state", String, nullable=False),
)
