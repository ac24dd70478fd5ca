"""The catalogue's tables. The migrations create them; a test keeps both equal.

Every row of a tenant carries it. Only the active version of a document is kept, so "current" needs no condition anywhere.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
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

SEQUENCE = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite counts up by itself only in a column declared INTEGER."""


class Name(TypeDecorator[str]):
    """Text by which rows are told apart. It holds no U+0000, which PostgreSQL cannot store."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        if value is not None and "\0" in value:
            raise ValueError(f"{value!r} contains U+0000")
        return value


class Line(TypeDecorator[str]):
    """Text of documents. U+0000 becomes U+FFFD, so that such a document is kept and every offset stays (as CommonMark 0.31, 2.3)."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return value and value.replace("\0", "\ufffd")


class Words(Line):
    """The same, of any length."""

    impl = Text
    cache_ok = True


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


BYTE_ORDERED = Line().with_variant(Line(collation="C"), "postgresql")
"""Text that sorts by code point in both databases, so that a prefix is a range of its index."""


COLLECTIONS = Table(
    "collections",
    METADATA,
    Column("tenant", Name, primary_key=True),
    Column("name", Name, primary_key=True),
    Column("model", Name, nullable=False),
    Column("dimension", Integer, nullable=False),
)

DOCUMENTS = Table(
    "documents",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("tenant", Name, nullable=False),
    Column("collection", Name, nullable=False),
    Column("source", Line, nullable=False),
    Column("path", BYTE_ORDERED, nullable=False),
    Column("media_type", Line, nullable=False),
    Column("content_hash", Name, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("pipeline", Name, nullable=False),
    Column("title", Words),
    Column("language", Line),
    Column("modified_at", Moment),
    Column("ingested_at", Moment, nullable=False),
    Column("state", Name, nullable=False),
    Column("error", Words),
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
    Column("tenant", Name, nullable=False),
    Column("document_id", Uuid, ForeignKey(DOCUMENTS.c.id, ondelete="CASCADE"), nullable=False),
    Column("type", Name, nullable=False),
    Column("text", Words, nullable=False),
    Column("language", Line),
    Column("position", Integer, nullable=False),
    Column("page", Integer),
    Column("metadata", JSON, nullable=False),
    Index(None, "document_id", "position"),
)

PASSAGES = Table(
    "passages",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("tenant", Name, nullable=False),
    Column("document_id", Uuid, ForeignKey(DOCUMENTS.c.id, ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("text", Words, nullable=False),
    Column("heading_path", JSON, nullable=False),
    Column("block_types", JSON, nullable=False),
    Column("language", Line),
    Column("parts", JSON, nullable=False),
    Column("token_count", Integer, nullable=False),
    Index(None, "document_id", "position", "id"),
)
"""The index holds the id too, so that listing ids never reads texts."""

EMBEDDINGS = Table(
    "embeddings",
    METADATA,
    Column("passage_id", Uuid, ForeignKey(PASSAGES.c.id, ondelete="CASCADE"), primary_key=True),
    Column("model", Name, primary_key=True),
    Column("tenant", Name, nullable=False),
    Column("vector", LargeBinary, nullable=False),
)
"""`vector` is float32, little-endian."""

CHANGES = Table(
    "changes",
    METADATA,
    Column("sequence", SEQUENCE, primary_key=True),
    Column("tenant", Name, nullable=False),
    Column("collection", Name, nullable=False),
    Column("passage_id", Uuid, nullable=False),
    UniqueConstraint("passage_id"),
    Index(None, "tenant", "sequence"),
    sqlite_autoincrement=True,
)
"""A row whose passage is gone is its removal: rows outlive passages, so there is no foreign key."""

JOBS = Table(
    "jobs",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("tenant", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("content_hash", Name),
    Column("state", Name, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", Words),
    Column("result", JSON(none_as_null=True)),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("worker", Name),
    Column("lease_until", Moment),
    Index(None, "state", "created_at", "id"),
    Index(None, "tenant", "state"),
    Index(None, "tenant", "content_hash"),
)

USERS = Table(
    "users",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("tenant", Name, nullable=False),
    Column("username", Name, nullable=False),
    Column("password_hash", Name, nullable=False),
    Column("role", Name, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("token_version", Integer, nullable=False),
    UniqueConstraint("username"),
)

TURNS = Table(
    "turns",
    METADATA,
    Column("sequence", SEQUENCE, primary_key=True),
    Column("tenant", Name, nullable=False),
    Column("principal", Name, nullable=False),
    Column("session", Name, nullable=False),
    Column("question", Words, nullable=False),
    Column("answer", Words, nullable=False),
    Column("standalone", Words, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Index(None, "tenant", "principal", "session", "sequence"),
    Index(None, "expires_at"),
    sqlite_autoincrement=True,
)

USAGE = Table(
    "usage",
    METADATA,
    Column("tenant", Name, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("cost", Float, nullable=False),
)

LEASES = Table(
    "leases",
    METADATA,
    Column("name", Name, primary_key=True),
    Column("holder", Name, nullable=False),
    Column("held_until", Moment, nullable=False),
)
"""Belongs to no tenant, as the next table."""

INDEXES = Table(
    "indexes",
    METADATA,
    Column("kind", Name, primary_key=True),
    Column("name", Name, primary_key=True),
    Column("state", Name, nullable=False),
)
