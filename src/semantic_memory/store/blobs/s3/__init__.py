"""Original bytes in a bucket of Amazon S3 or a compatible server, named by their SHA-256."""

from semantic_memory.core.settings import Settings
from semantic_memory.store.blobs.s3.blobs import S3Blobs
from semantic_memory.store.blobs.s3.bucket import Patience, open_bucket
from semantic_memory.store.blobs.s3.cache import Cache


def build(settings: Settings, patience: Patience | None = None) -> S3Blobs:
    """The bucket's files, with copies in `DATA_DIR/cache/blobs`; opens no connection.

    Raises: ConfigurationError for settings that cannot name a bucket.
    """
    bucket = open_bucket(settings, patience or Patience())
    return S3Blobs(bucket, Cache(settings.data_dir / "cache" / "blobs", settings.s3_cache_bytes))
