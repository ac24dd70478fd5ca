"""qdrant for tests."""
