"""chroma for tests."""
