"""What Pinecone's adapter stands on."""
