"""weaviate for tests."""
