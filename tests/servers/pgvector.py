"""pgvector for tests."""
