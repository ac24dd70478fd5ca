"""What Qdrant's two lanes share: the connection, the collection's layout, filters and errors. See https://api.qdrant.tech."""
