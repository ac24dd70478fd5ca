"""S3 for tests."""
