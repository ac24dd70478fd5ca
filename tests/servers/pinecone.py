"""pinecone for tests."""
