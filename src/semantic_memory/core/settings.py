"""Every setting, read once by the entry point: environment variables first, then `.env`, then these defaults."""

import difflib
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from semantic_memory.core.errors import ConfigurationError, UnknownSettingError

ENV_FILE = Path(".env")


class Settings(BaseSettings):
    """The defaults give a working product: one process, one folder, no key and no network."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_file=None, env_ignore_empty=True)

    app_env: Literal["local", "staging", "prod"] = Field(default="local", description="Where this runs; `prod` refuses unsafe settings.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Lowest level that is logged.")
    data_dir: Path = Field(default=Path("data"), description="Folder of the catalogue, the original files and the embedded indexes.")
    database_url: str = Field(default="", description="SQLAlchemy URL of the catalogue; empty means SQLite in `DATA_DIR`.")
    vector_store: str = Field(default="embedded", description="Adapter that finds passages by meaning.")
    keyword_store: str = Field(default="embedded", description="Adapter that finds passages by words.")
    store_namespace: str = Field(
        default="semantic_memory",
        pattern=r"^[a-z][a-z0-9_]{2,40}$",
        description="Beginning of every name in a vector server, so that several installations can share one.",
    )
    store_timeout_s: float = Field(default=3, gt=0, description="Seconds a search waits for a vector or keyword server.")
    blob_store: str = Field(default="files", description="Adapter that keeps the original files.")
    s3_bucket: str = Field(default="", description="Bucket of the original files, used with `BLOB_STORE=s3`.")
    s3_prefix: str = Field(default="", description="Folder within that bucket; empty means the whole bucket.")
    s3_endpoint: str = Field(default="", description="Address of an S3-compatible server; empty means Amazon's own.")
    s3_region: str = Field(default="", description="Region of that bucket; empty means `AWS_REGION`, or else `us-east-1`.")
    s3_access_key_id: str = Field(default="", description="Key id for that bucket; empty means the environment's or the machine's role.")
    s3_secret_access_key: SecretStr = Field(default=SecretStr(""), description="Secret of that key id.")
    s3_cache_bytes: int = Field(
        default=1024**3, ge=0, description="Size that the local copies of that bucket's files are kept below; recent ones always stay."
    )
    embedder: str = Field(
        default="", description="Adapter that makes vectors; empty means `openai` with an OpenAI key and `minilm` without."
    )
    reranker: str = Field(default="", description="Adapter that re-orders the best hits; empty means none.")
    chat_model: str = Field(
        default="", description="Adapter that writes answers; empty means `openai` with an OpenAI key and `extractive` without."
    )
    chat_context_tokens: int = Field(
        default=3000, ge=256, description="Tokens of sources a chat model is given, by the embedder's count; leave room for the answer."
    )
    chat_max_tokens: int = Field(default=2000, ge=16, description="Longest answer of a chat model, in its tokens.")
    chat_temperature: float = Field(default=0.2, ge=0, le=2, description="How freely a chat model writes; admins may ask otherwise.")
    chat_timeout_s: float = Field(default=30, gt=0, description="Seconds a chat model may take for one answer, tries included.")
    chat_price_prompt: float = Field(default=0, ge=0, description="Price of a million tokens that the chat model reads.")
    chat_price_completion: float = Field(default=0, ge=0, description="Price of a million tokens that it writes.")
    tokens_per_day: int = Field(
        default=0, ge=0, description="Chat model tokens a tenant may use a day (UTC); then answers are quotes. 0 means any number."
    )
    llama_model_path: Path | None = Field(default=None, description="GGUF file that `CHAT_MODEL=llama` runs here (extra `llama`).")
    prompt_dir: Path | None = Field(default=None, description="Folder whose prompts replace the product's; see `ai/prompts`.")
    answer_refusal: Literal["auto", "lenient", "balanced", "strict"] = Field(
        default="auto",
        description='When the answer is "I don\'t know."; `auto` is `balanced` for quotes and `lenient` before a chat model, which reads.',
    )
    unsupported_sentences: Literal["drop", "mark"] = Field(
        default="drop", description="What becomes of a chat model's sentences that no source supports."
    )
    search_steps: int = Field(default=2, ge=0, le=5, description="Further searches a chat model may ask for when one does not suffice.")
    conversation_life_minutes: int = Field(default=1440, ge=1, description="Minutes after its last turn that a conversation is forgotten.")
    streams_per_tenant: int = Field(default=256, ge=1, description="Answers a tenant may have streaming at once, on one server.")
    offline: bool = Field(default=False, description="Forbids every connection to the outside.")

    host: str = Field(default="127.0.0.1", description="Address the server binds.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port the server binds.")
    app_cors_origins: str = Field(default="", description="Origins that browsers may call from, separated by commas.")
    max_upload_bytes: int = Field(default=10 * 1024 * 1024, ge=1, description="Largest file the API accepts.")
    max_file_bytes: int = Field(default=100 * 1024 * 1024, ge=1, description="Largest file that is ingested from this machine.")

    jwt_secret: SecretStr = Field(
        default=SecretStr(""), description="Key that signs tokens, 32 bytes or more; empty means one made at first start."
    )
    jwt_algorithm: Literal["HS256"] = Field(default="HS256", description="Signature algorithm of tokens.")
    access_token_expires_minutes: int = Field(default=30, ge=1, le=1440, description="Life of an access token.")
    refresh_token_expires_days: int = Field(default=7, ge=1, le=30, description="Life of a refresh token.")

    openai_api_key: SecretStr = Field(default=SecretStr(""), description="Key of an OpenAI-compatible endpoint.")
    openai_base_url: str = Field(default="", description="Address of an OpenAI-compatible endpoint; empty means OpenAI's own.")
    openai_embed_model: str = Field(default="text-embedding-3-small", description="Embedding model asked for at that endpoint.")
    openai_embed_dimension: int = Field(default=1536, ge=1, le=8192, description="Length of that model's vectors.")
    openai_chat_model: str = Field(default="gpt-4o-mini", description="Chat model asked for at that endpoint.")

    chroma_host: str = Field(default="", description="Host of a Chroma server; empty means Chroma's own files in `DATA_DIR`.")
    chroma_port: int = Field(default=8000, ge=1, le=65535, description="Port of that Chroma server.")
    chroma_ssl: bool = Field(default=False, description="Speaks HTTPS with that Chroma server.")
    chroma_token: SecretStr = Field(default=SecretStr(""), description="Bearer token that a proxy in front of Chroma asks for.")
    milvus_uri: str = Field(default="", description="Address of Milvus or Zilliz; empty means Milvus Lite's own file in `DATA_DIR`.")
    milvus_token: SecretStr = Field(default=SecretStr(""), description="`user:password` or API key of that Milvus.")
    pgvector_url: SecretStr = Field(
        default=SecretStr(""), description="PostgreSQL with pgvector; empty means the catalogue's `DATABASE_URL`."
    )
    pinecone_api_key: SecretStr = Field(default=SecretStr(""), description="Key of Pinecone.")
    pinecone_host: str = Field(default="", description="Address of Pinecone's control plane; empty means Pinecone's own.")
    pinecone_cloud: str = Field(default="aws", description="Cloud in which a missing Pinecone index is created.")
    pinecone_region: str = Field(default="us-east-1", description="Region in which a missing Pinecone index is created.")
    qdrant_url: str = Field(default="", description="Address of Qdrant; empty means its client's local mode in `DATA_DIR`.")
    qdrant_api_key: SecretStr = Field(default=SecretStr(""), description="Key of that Qdrant.")
    weaviate_url: str = Field(default="", description="Address of Weaviate, as `http://weaviate:8080`.")
    weaviate_grpc_port: int = Field(default=50051, ge=1, le=65535, description="gRPC port of that Weaviate.")
    weaviate_api_key: SecretStr = Field(default=SecretStr(""), description="Key of that Weaviate.")
    redis_url: SecretStr = Field(default=SecretStr(""), description="Redis or Valkey used as second cache tier.")
    cache_ttl_hot: int = Field(default=30, ge=1, description="Seconds an entry stays in the in-process cache.")
    cache_ttl_warm: int = Field(default=300, ge=1, description="Seconds an entry stays in Redis.")
    cache_memory_bytes: int = Field(default=64 * 1024 * 1024, ge=0, description="Memory of the in-process cache; 0 turns caching off.")

    embed_threads: int = Field(default=2, ge=1, le=64, description="Threads that run the embedding model.")
    extract_workers: int = Field(default=2, ge=1, le=64, description="Processes that read untrusted files.")
    extract_timeout_s: float = Field(
        default=120, gt=0, description="Seconds one file may take to read; each page read by OCR or layout models starts them anew."
    )
    extract_memory_mb: int = Field(default=2048, ge=128, description="Memory one reading process may use.")
    extract_max_pages: int = Field(default=5000, ge=1, description="Pages read of one document; the rest is named in a warning.")
    pdf_tier: Literal["auto", "fast", "layout"] = Field(
        default="auto",
        description="How PDF pages are read: `fast`, `layout` (extra `pymupdf`), or `auto`, which takes layout only where it helps.",
    )
    ocr_engine: Literal["auto", "tesseract", "rapidocr", "off"] = Field(
        default="auto",
        description="What reads text in images; `auto` is Tesseract if installed, and RapidOCR (extra `ocr`) where that is unsure.",
    )
    ocr_languages: str = Field(default="eng", description="Languages Tesseract looks for, by its names, joined by `+`.")
    skip_generated: bool = Field(default=True, description="Skips generated, minified and vendored code, with the reason.")
    ingest_concurrency: int = Field(default=4, ge=1, le=64, description="Files ingested at the same time.")
    job_workers: int = Field(default=1, ge=0, le=64, description="Jobs the server runs at the same time; 0 leaves them to other processes.")
    job_lease_s: float = Field(default=30, gt=0, description="Seconds without a heartbeat after which a job is taken over.")

    @property
    def embedder_name(self) -> str:
        return self.embedder or self._openai_or("minilm")

    @property
    def chat_model_name(self) -> str:
        return self.chat_model or self._openai_or("extractive")

    def strictness(self, otherwise: Literal["lenient", "balanced"]) -> Literal["lenient", "balanced", "strict"]:
        return otherwise if self.answer_refusal == "auto" else self.answer_refusal

    def _openai_or(self, local: str) -> str:
        return "openai" if self.openai_api_key.get_secret_value() else local


def load_settings(env_file: Path = ENV_FILE) -> Settings:
    """The settings of this process.

    Raises: UnknownSettingError for a key of `env_file` that is no setting; ConfigurationError for a value that does not fit.
    """
    _refuse_unknown_keys(env_file)
    try:
        return Settings(_env_file=env_file)  # type: ignore[call-arg]  # pydantic-settings' own argument, not a field
    except ValidationError as error:
        raise ConfigurationError(_first_problem(error)) from error


def _refuse_unknown_keys(env_file: Path) -> None:
    known = {name.upper() for name in Settings.model_fields}
    for key in dotenv_values(env_file):
        if key.upper() not in known:
            nearest = difflib.get_close_matches(key.upper(), known, n=1)
            hint = f"; did you mean {nearest[0]}?" if nearest else ""
            raise UnknownSettingError(f"unknown setting {key!r} in {env_file}{hint}")


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_input=False, include_url=False)[0]
    return f"{str(problem['loc'][0]).upper()}: {problem['msg']}"
