"""What the outside sees of the core's values, as plain JSON objects: the same from the CLI, the API and every other entry point."""

from dataclasses import replace
from urllib.parse import quote
from uuid import UUID

from semantic_memory.core.answers import Answer, Citation, Cited, Done, Event, Said, Source, Sources, Usage
from semantic_memory.core.ingest import Ingested
from semantic_memory.core.model import Anchor, ContentBlock, Document, Hit, JsonValue, Passage, SearchResult

PREVIEW_CHARACTERS = 300

View = dict[str, JsonValue]


def block_view(block: ContentBlock) -> View:
    """The user's `ContentBlock` schema."""
    return {
        "id": str(block.id),
        "source_id": str(block.source_id),
        "type": block.type.value,
        "text": block.text,
        "language": block.language,
        "order": block.order,
        "page": block.page,
        "metadata": dict(block.metadata),
    }


def document_view(document: Document) -> View:
    return {
        "id": str(document.id),
        "collection": document.collection,
        "source": document.source,
        "path": document.path,
        "title": document.title,
        "media_type": document.media_type,
        "language": document.language,
        "size_bytes": document.size_bytes,
        "content_hash": document.content_hash,
        "version": document.version,
        "state": document.state.value,
        "error": document.error,
        "modified_at": document.modified_at.isoformat() if document.modified_at else None,
        "ingested_at": document.ingested_at.isoformat(),
        "metadata": dict(document.metadata),
    }


def anchor_view(anchor: Anchor) -> View:
    """Only what is known of the place."""
    known: View = {
        "page": anchor.page,
        "bbox": list(anchor.bbox) if anchor.bbox else None,
        "start_line": anchor.start_line,
        "end_line": anchor.end_line,
        "symbol": anchor.symbol,
        "sheet": anchor.sheet,
        "cells": anchor.cells,
        "cell": anchor.cell,
    }
    return {name: value for name, value in known.items() if value is not None}


def place(passage: Passage) -> Anchor:
    """The passage's text as a whole: its first page and box, and all its lines; headings above it do not count."""
    anchors = [part.anchor for part in passage.parts if part.end > part.start] or [part.anchor for part in passage.parts]
    first = anchors[0] if anchors else Anchor()
    starts = [anchor.start_line for anchor in anchors if anchor.start_line is not None]
    ends = [anchor.end_line for anchor in anchors if anchor.end_line is not None]
    symbol = next((anchor.symbol for anchor in anchors if anchor.symbol), None)
    return replace(first, start_line=min(starts, default=None), end_line=max(ends, default=None), symbol=symbol)


FILE_ROUTE = "/api/v1/memory/file"


def link(document_id: UUID, anchor: Anchor) -> str:
    """Opens the place: the file's address with `#page=3` (RFC 8118), `#L12-L20`, `#cell=4` or `#sheet=May&cells=A1:D20`."""
    return f"{FILE_ROUTE}/{document_id}{_fragment(anchor)}"


def _fragment(anchor: Anchor) -> str:
    if anchor.cell is not None:
        return f"#cell={anchor.cell}"
    if anchor.sheet is not None:
        return f"#sheet={quote(anchor.sheet)}" + (f"&cells={anchor.cells}" if anchor.cells else "")
    if anchor.start_line is not None:
        return f"#L{anchor.start_line}" + ("" if anchor.end_line in (None, anchor.start_line) else f"-L{anchor.end_line}")
    return f"#page={anchor.page}" if anchor.page is not None else ""


def locator(path: str, anchor: Anchor) -> str:
    """The place in a form people and editors read: `notes.md:12-20`, `report.pdf#page=3`, `costs.xlsx#May!A1:D20`, `study.ipynb#cell=4`."""
    if anchor.cell is not None:
        return f"{path}#cell={anchor.cell}"
    if anchor.sheet is not None:
        return f"{path}#{anchor.sheet}!{anchor.cells}" if anchor.cells else f"{path}#{anchor.sheet}"
    if anchor.start_line is not None:
        end = anchor.end_line
        return f"{path}:{anchor.start_line}" if end in (None, anchor.start_line) else f"{path}:{anchor.start_line}-{end}"
    return f"{path}#page={anchor.page}" if anchor.page is not None else path


def hit_view(hit: Hit, rank: int) -> View:
    passage, document = hit.passage, hit.document
    anchor = place(passage)
    return {
        "rank": rank,
        "score": round(hit.score, 4),
        "passage_id": str(passage.id),
        "document_id": str(document.id),
        "path": document.path,
        "locator": locator(document.path, anchor),
        "title": document.title,
        "heading_path": list(passage.heading_path),
        "preview": passage.text[:PREVIEW_CHARACTERS],
        "text": passage.text,
        "language": passage.language,
        "types": sorted(block_type.value for block_type in passage.block_types),
        "anchor": anchor_view(anchor),
        "block_ids": list(dict.fromkeys(str(part.block_id) for part in passage.parts)),
        "collection": document.collection,
        "source": document.source,
        "metadata": dict(document.metadata),
        "lanes": {lane: {"rank": score.rank, "score": round(score.score, 4)} for lane, score in hit.lanes.items()},
    }


def search_view(result: SearchResult) -> View:
    view: View = {
        "hits": [hit_view(hit, rank) for rank, hit in enumerate(result.hits, start=1)],
        "degraded": bool(result.degraded),
        "degraded_reasons": list(result.degraded),
    }
    return view if result.explanation is None else {**view, "explanation": dict(result.explanation)}


def citation_view(citation: Citation) -> View:
    where = locator(citation.path, citation.anchor)
    return {
        "number": citation.number,
        "quote": citation.quote,
        "document_id": str(citation.document_id),
        "passage_id": str(citation.passage_id),
        "path": citation.path,
        "locator": f"{where}@{citation.commit[:12]}" if citation.commit else where,
        "link": link(citation.document_id, citation.anchor),
        "title": citation.title,
        "heading_path": list(citation.heading_path),
        "start": citation.start,
        "end": citation.end,
        "anchor": anchor_view(citation.anchor),
        "commit": citation.commit,
    }


def source_view(source: Source) -> View:
    return {
        "document_id": str(source.document_id),
        "passage_id": str(source.passage_id),
        "path": source.path,
        "locator": locator(source.path, source.anchor),
        "link": link(source.document_id, source.anchor),
        "title": source.title,
        "heading_path": list(source.heading_path),
        "preview": source.preview,
    }


def usage_view(usage: Usage) -> View:
    return {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens, "cost": round(usage.cost, 6)}


def answer_view(answer: Answer) -> View:
    """`nearest` are the passages the answer could draw on, best first: with an answer that is not known, where to look."""
    return {
        "answer": answer.text,
        "answerable": answer.answerable,
        "confidence": round(answer.confidence, 3),
        "sentences": [{"text": sentence.text, "citations": list(sentence.citations)} for sentence in answer.sentences],
        "citations": [citation_view(citation) for citation in answer.citations],
        "missing": list(answer.missing),
        "nearest": [source_view(source) for source in answer.sources],
        "degraded": bool(answer.degraded),
        "degraded_reasons": list(answer.degraded),
        "model": answer.model,
        "usage": usage_view(answer.usage),
        "timings": dict(answer.timings),
        "question": answer.question,
        "session_id": answer.session,
    }


def event_view(event: Event) -> tuple[str, View]:
    """An event's name and what it tells."""
    match event:
        case Sources():
            return "sources", {"sources": [source_view(source) for source in event.sources]}
        case Said():
            return "token", {"text": event.text, "citations": list(event.citations)}
        case Cited():
            return "citation", citation_view(event.citation)
        case Done():
            return "done", answer_view(event.answer)


def ingested_view(done: Ingested) -> View:
    return {
        "path": done.path,
        "outcome": done.outcome.value,
        "document_id": str(done.document.id) if done.document else None,
        "blocks": done.blocks,
        "passages": done.passages,
        "embedded": done.embedded,
        "code": done.code,
        "reason": done.reason,
        "members": [ingested_view(member) for member in done.members],
        "searchable": done.searchable,
    }
