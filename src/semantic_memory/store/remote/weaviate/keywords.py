"""Words in Weaviate: its BM25 over terms that are already analysed."""

from collections.abc import Sequence
from typing import Any

from weaviate.classes.query import MetadataQuery

from semantic_memory.store.remote.rows import Found, Row, Scope
from semantic_memory.store.remote.weaviate.engine import WeaviateEngine, digest, found, narrowed
from semantic_memory.store.remote.weaviate.schema import RETURNED, TERMS, WORDS, keywords_class


class WeaviateKeywords(WeaviateEngine):
    """The `KeywordEngine` protocol."""

    def properties(self, row: Row) -> dict[str, Any]:
        return super().properties(row) | {WORDS: row.words, TERMS: " ".join(row.terms)}

    def definition(self, rows: Sequence[Row]) -> dict[str, Any]:  # noqa: ARG002 - the same for all rows
        return keywords_class(self.class_name)

    async def matching(self, terms: Sequence[str], scope: Scope, limit: int) -> Sequence[Found]:
        answer = await self.read(
            digest(scope.tenant),
            lambda rows: rows.query.bm25(
                query=" ".join(terms),
                query_properties=[TERMS],
                limit=limit,
                filters=narrowed(scope),
                return_metadata=MetadataQuery(score=True),
                return_properties=[*RETURNED, WORDS],
            ),
            None,
        )
        return [] if answer is None else [found(one, one.metadata.score or 0.0) for one in answer.objects]
