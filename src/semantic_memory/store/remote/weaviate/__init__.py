"""Rows in Weaviate, one of its tenants for each of ours; shared by the vector and the keyword adapter."""
