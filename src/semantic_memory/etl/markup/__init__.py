"""HTML → blocks in one linear pass."""
