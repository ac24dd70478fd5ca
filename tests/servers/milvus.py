"""milvus for tests."""
