"""What the stores in PostgreSQL share."""
