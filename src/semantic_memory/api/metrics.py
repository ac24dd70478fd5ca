"""What Prometheus reads. Labels take their values from closed sets: methods, route templates, statuses."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from semantic_memory.core.answers import Answer
from semantic_memory.core.cache import Cache

CONTENT_TYPE = CONTENT_TYPE_LATEST
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED = "unmatched"
"""The route label of paths no route has, so that a scanner cannot make series."""

REQUEST_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
ANSWER_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30)
"""Ends at the longest an answer may take."""


class _DroppedRows(Collector):
    """Rows that searches threw away: any that are `foreign` should wake somebody."""

    def __init__(self, read: Callable[[], Mapping[str, int]]) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        family = CounterMetricFamily("index_rows_dropped", "Rows of an index that the caller may not read.", labels=["reason"])
        for reason, count in self._read().items():
            family.add_metric([reason], count)
        yield family


class _CacheCounts(Collector):
    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def collect(self) -> Iterable[Metric]:
        counts = self._cache.statistics
        hits = CounterMetricFamily("cache_hit", "Results taken from a cache tier.", labels=["level", "kind"])
        for (level, kind), count in counts.hits.items():
            hits.add_metric([level, kind], count)
        yield hits
        for name, told, values in (
            ("cache_miss", "Results that had to be made.", counts.misses),
            ("cache_stale", "Results given after their life, while new ones were made.", counts.stale),
            ("cache_wait", "Results waited for, because another process made them.", counts.waits),
        ):
            family = CounterMetricFamily(name, told, labels=["kind"])
            for kind, count in values.items():
                family.add_metric([kind], count)
            yield family
        events = CounterMetricFamily("cache_event", "What befell a tier: corrupt, failed, refused, …", labels=["level", "event"])
        for tier in self._cache.tiers:
            for event, count in tier.events.items():
                events.add_metric([tier.level, event], count)
        yield events


class Metrics:
    """The series of one application; each has its own registry, so several can live in one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        labels = ("method", "route", "status")
        self._requests = Counter("http_requests_total", "Requests answered.", labels, registry=self._registry)
        self._seconds = Histogram(
            "http_request_duration_seconds", "Time to answer.", ("method", "route"), buckets=REQUEST_BUCKETS_S, registry=self._registry
        )
        self._rag_latency = Histogram(
            "rag_latency_seconds", "Time to answer a question.", buckets=ANSWER_BUCKETS_S, registry=self._registry
        )
        self._rag_empty_context = Counter("rag_empty_context_total", "Questions the documents do not answer.", registry=self._registry)
        self._rag_degraded = Counter("rag_degraded_total", "Answers that fall short because something failed.", registry=self._registry)
        self._llm_tokens = Counter("llm_tokens_total", "Tokens chat models read and wrote.", ("direction",), registry=self._registry)
        self._llm_cost = Counter("llm_cost_total", "Their cost, by the prices in the settings.", registry=self._registry)
        self.uploads = Counter("ingest_uploads_total", "Uploads accepted.", registry=self._registry)
        self.upload_bytes = Counter("ingest_upload_bytes_total", "Bytes of accepted uploads.", registry=self._registry)

    def watch_dropped_rows(self, read: Callable[[], Mapping[str, int]]) -> None:
        """Counts what `read` returns, by reason, whenever Prometheus asks."""
        self._registry.register(_DroppedRows(read))

    def watch_cache(self, cache: Cache) -> None:
        """Counts what the cache counts, whenever Prometheus asks, and how long it takes to make what it lacks."""
        fill = Histogram(
            "cache_fill_seconds", "Time to make a result the cache lacked.", ("kind",), buckets=ANSWER_BUCKETS_S, registry=self._registry
        )
        cache.observe_fill = lambda kind, seconds: fill.labels(kind).observe(seconds)
        self._registry.register(_CacheCounts(cache))

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts one answered request; `route` is a template or `UNMATCHED`."""
        method = method if method in METHODS else "OTHER"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def asked(self, answer: Answer, seconds: float) -> None:
        """Counts one answered question."""
        self._rag_latency.observe(seconds)
        self._rag_empty_context.inc(not answer.answerable)
        self._rag_degraded.inc(bool(answer.degraded))
        self._llm_tokens.labels("prompt").inc(answer.usage.prompt_tokens)
        self._llm_tokens.labels("completion").inc(answer.usage.completion_tokens)
        self._llm_cost.inc(answer.usage.cost)

    def render(self) -> bytes:
        """The text exposition format; reads files of the kernel, so call it in a thread."""
        return generate_latest(self._registry)
