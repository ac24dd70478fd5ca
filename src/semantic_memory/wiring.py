"""The composition root: settings in, `Memory` out. The only module that knows which adapters there are."""

import importlib
import pkgutil
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from semantic_memory import __version__
from semantic_memory.ai import answer
from semantic_memory.core.access import Access
from semantic_memory.core.answers import Answer, ChatModel
from semantic_memory.core.ask import Ask
from semantic_memory.core.cache import Cache, Tier
from semantic_memory.core.caching import CachedAsk, CachedSearch, Generations
from semantic_memory.core.conversations import Conversing
from semantic_memory.core.delete import Delete
from semantic_memory.core.errors import MissingExtraError, UnknownAdapterError
from semantic_memory.core.hot_queries import HotQueries
from semantic_memory.core.indexing import Indexer, Turn
from semantic_memory.core.ingest import Ingest
from semantic_memory.core.memory import Memory, Parts
from semantic_memory.core.ports import (
    BlobStore,
    Catalogue,
    Embedder,
    Extractor,
    FileSource,
    Index,
    KeywordIndex,
    PassageBuilder,
    Reranker,
    VectorIndex,
)
from semantic_memory.core.search import Search
from semantic_memory.core.settings import Settings, load_settings
from semantic_memory.core.stores import Stores
from semantic_memory.core.usage import Budget


@asynccontextmanager
async def open_memory(settings: Settings | None = None, *, run_jobs: bool = False) -> AsyncGenerator[Memory]:
    """A running memory; `run_jobs` also works on queued uploads, as the server does.

    Raises: ConfigurationError when a setting names something that is not there.
    """
    memory = build_memory(settings or load_settings(), run_jobs=run_jobs)
    async with memory.running():
        yield memory


async def answer_query_with_rag(query: str, top_k: int = 8, *, memory: Memory | None = None, access: Access | None = None) -> Answer:
    """Retrieves, packs, prompts, asks the model and checks: `Memory.ask` of the given memory, or of the one the settings describe.

    Raises: InvalidInputError for an empty query; ConfigurationError; BackendError.
    """
    if memory is not None:
        return await memory.ask(query, top_k=top_k, access=access)
    async with open_memory() as opened:
        return await opened.ask(query, top_k=top_k, access=access)


@asynccontextmanager
async def open_extractor(settings: Settings) -> AsyncGenerator[Extractor]:
    """The extractor alone, without opening a memory."""
    extractor: Extractor = adapter("etl", "pool")(settings)
    try:
        yield extractor
    finally:
        await extractor.close()


def read_lines(file: Path) -> list[str]:
    """The lines of a text file, counted as every anchor counts them. Raises: EmptyDocumentError, ExtractionLimitError."""
    from semantic_memory.etl.text import read_text

    return read_text(file).text.split("\n")


def build_memory(settings: Settings, *, run_jobs: bool) -> Memory:
    """Chooses adapters by their names in the settings and connects them."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    catalogue: Catalogue = adapter("store.catalogue", "sql")(settings)
    names = {"vectors": settings.vector_store, "keywords": settings.keyword_store}
    blobs: BlobStore = adapter("store.blobs", settings.blob_store)(settings)
    embedder: Embedder = adapter("ai.embed", settings.embedder_name)(settings)
    vectors: VectorIndex = adapter("store.vectors", settings.vector_store)(settings)
    keywords: KeywordIndex = adapter("store.keywords", settings.keyword_store)(settings)
    reranker: Reranker | None = adapter("ai.rerank", settings.reranker)(settings) if settings.reranker else None
    extractor: Extractor = adapter("etl", "pool")(settings)
    builder: PassageBuilder = adapter("etl", "structure")(settings)
    files: FileSource = adapter("etl.source", "files")(settings)
    chat: ChatModel | None = None if settings.chat_model_name == "extractive" else adapter("ai.chat", settings.chat_model_name)(settings)
    budget = Budget(catalogue.usage, limit=settings.tokens_per_day)
    answerer, planner = answer.build(settings, embedder, chat, budget)
    indexes: dict[str, Index] = {"vectors": vectors, "keywords": keywords}
    turns = {kind: Turn(catalogue.leases, f"{kind} {names[kind]}") for kind, index in indexes.items() if index.is_shared}
    indexer = Indexer(catalogue.changes, indexes, turns)
    stores = Stores(catalogue, names, indexes, lambda kind, name: adapter(f"store.{kind}", name)(settings))
    delete = Delete(catalogue.documents, blobs)
    ingest = Ingest(
        catalogue.documents,
        blobs,
        extractor,
        builder,
        embedder,
        delete,
        max_bytes=settings.max_file_bytes,
        scratch=settings.data_dir / "unpacked",
    )
    plain = Search(catalogue.documents, embedder, vectors, keywords, indexer, reranker)
    cache, hot, generations = _cache(settings), HotQueries(), Generations(catalogue.changes, indexer)
    made_by = _fingerprint(settings, embedder)
    search = CachedSearch(plain, cache, generations, hot, made_by=made_by)
    steps = settings.search_steps if chat else 0
    ask = CachedAsk(Ask(search, answerer, planner, steps=steps), cache, generations, made_by=f"{made_by} {answer.fingerprint(settings)}")
    return Memory(
        Parts(
            catalogue=catalogue,
            blobs=blobs,
            files=files,
            indexes=indexes,
            indexer=indexer,
            stores=stores,
            ingest=ingest,
            delete=delete,
            search=search,
            ask=Conversing(ask, catalogue.turns, life_s=60 * settings.conversation_life_minutes),
            turns=catalogue.turns,
            budget=budget,
            answers_by=chat.name if chat else settings.chat_model_name,
            cache=cache,
            hot_queries=hot,
            unknown_rows=lambda: plain.unknown,
            embedder=embedder,
            ingest_concurrency=settings.ingest_concurrency,
            job_workers=settings.job_workers if run_jobs else 0,
            job_lease_s=settings.job_lease_s,
            closing=(cache, extractor, vectors, keywords, *([chat] if chat else []), embedder, catalogue),
        )
    )


def _cache(settings: Settings) -> Cache:
    """This process's memory, and Redis behind it where there is one."""
    shared = bool(settings.redis_url.get_secret_value())
    tiers: list[Tier] = [adapter("store.cache", name)(settings) for name in (["memory", "redis"] if shared else ["memory"])]
    return Cache(tiers, [settings.cache_ttl_hot, settings.cache_ttl_warm][: len(tiers)])


def _fingerprint(settings: Settings, embedder: Embedder) -> str:
    """Everything but the documents that results depend on."""
    named = (settings.vector_store, settings.keyword_store, settings.reranker, settings.chat_model_name, settings.openai_chat_model)
    return " ".join((__version__, embedder.model.name, *named))


def adapter(family: str, name: str) -> Callable[..., Any]:
    """The `build` function of one adapter: a module of the family's package, or a third party's entry point.

    Raises: UnknownAdapterError with the names there are; MissingExtraError when the adapter's library is not installed.
    """
    package = f"semantic_memory.{family}"
    theirs = {point.name: point for point in entry_points(group=package)}
    if name in theirs:
        return _needing_extras(theirs[name].load, family, name)
    ours = {module.name for module in pkgutil.iter_modules(importlib.import_module(package).__path__)}
    if name not in ours:
        raise UnknownAdapterError(f"unknown {family} adapter {name!r}; known: {', '.join(sorted(ours | theirs.keys()))}")
    return _needing_extras(lambda: importlib.import_module(f"{package}.{name}").build, family, name)


def _needing_extras(load: Callable[[], Callable[..., Any]], family: str, name: str) -> Callable[..., Any]:
    """`build`, loaded when it is called."""

    def build(*arguments: Any, **named: Any) -> Any:
        try:
            return load()(*arguments, **named)
        except ModuleNotFoundError as error:
            raise MissingExtraError(f"{family} adapter {name!r} needs {error.name!r}: pip install 'semantic-memory[{name}]'") from error

    return build
