"""How well passages of different sizes bring back exactly the text that answers a question.

    python -m eval.chunking FOLDER --targets 96 128 192 254

Corpus: `chunking-eval` in FOLDER, 472 questions whose answers are character ranges in five long texts. Its paragraphs are packed,
embedded with the default model and ranked by cosine. Per question, over the passages retrieved: recall is the share of the gold
characters they hold, precision the share of their characters that is gold, IoU the shared characters over all characters of either.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from uuid import UUID, uuid5

import numpy as np

from eval.vectors import VectorCache
from semantic_memory.ai.embed import minilm
from semantic_memory.core.identity import NAMESPACE, identify
from semantic_memory.core.model import BlockDraft, BlockType, ContentBlock, Matrix, Passage
from semantic_memory.core.ports import Tokenizer
from semantic_memory.core.settings import Settings
from semantic_memory.etl.structure import StructuredPassages

SET = "chunking-eval"
TOP = 5
CONTEXT_TOKENS = 1000
"""Tokens of passages an answer is given: compares sizes at equal cost of the prompt."""
_PARAGRAPH = re.compile(r"\S.*?(?=\n\s*\n|\s*\Z)", re.DOTALL)

Range = tuple[str, int, int]
"""Document id, first character, behind the last."""


@dataclass(frozen=True, slots=True)
class Found:
    ranges: tuple[Range, ...]
    tokens: int


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    gold: tuple[Range, ...]


def main() -> int:
    arguments = _arguments()
    folder = arguments.folder / SET
    if not folder.is_dir():
        print(f"skipped: no {SET!r} in {str(arguments.folder)!r}", file=sys.stderr)
        return 0
    texts, questions = _texts(folder), _questions(folder)
    embedder = minilm.build(Settings())
    cache = VectorCache(arguments.cache, embedder, minilm.DATA / "model.onnx")
    queries = cache.queries(SET, [question.text for question in questions])
    print(
        f"| target | passages | tokens, mean | tokens, all | top {TOP}: recall | precision | IoU | {CONTEXT_TOKENS} tokens: recall | IoU |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for target in arguments.targets:
        print(_row(target, texts, questions, queries, cache, embedder.tokenizer), flush=True)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of the labelled sets")
    parser.add_argument("--targets", type=int, nargs="+", default=[96, 128, 160, 192, 254], help="passage sizes in tokens")
    parser.add_argument("--cache", type=Path, default=Path("eval/.cache"), help="folder that keeps vectors between runs")
    return parser.parse_args()


def _row(
    target: int, texts: Mapping[str, str], questions: Sequence[Question], queries: Matrix, cache: VectorCache, tokenizer: Tokenizer
) -> str:
    found, embedded = _passages(target, texts, tokenizer)
    similarities = queries @ cache.passages(SET, embedded).T
    top: list[tuple[float, float, float]] = []
    context: list[tuple[float, float, float]] = []
    for question, row in zip(questions, similarities, strict=True):
        order: list[int] = np.argsort(-row)[:64].tolist()
        ranked = [found[index] for index in order]
        top.append(_scores(ranked[:TOP], question.gold))
        context.append(_scores(_within(ranked, CONTEXT_TOKENS), question.gold))
    tokens = sum(passage.tokens for passage in found)
    at_top, at_context = np.mean(top, axis=0), np.mean(context, axis=0)
    return (
        f"| {target} | {len(found)} | {tokens / len(found):.0f} | {tokens} | {at_top[0]:.3f} | {at_top[1]:.3f} | {at_top[2]:.3f}"
        f" | {at_context[0]:.3f} | {at_context[2]:.3f} |"
    )


def _passages(target: int, texts: Mapping[str, str], tokenizer: Tokenizer) -> tuple[list[Found], list[str]]:
    builder = StructuredPassages(target)
    found: list[Found] = []
    embedded: list[str] = []
    started = process_time()
    for document, text in texts.items():
        paragraphs = [(match.start(), match.group()) for match in _PARAGRAPH.finditer(text)]
        blocks = identify(uuid5(NAMESPACE, document), [BlockDraft(BlockType.PARAGRAPH, paragraph) for _, paragraph in paragraphs])
        places = {block.id: (offset, block) for block, (offset, _) in zip(blocks, paragraphs, strict=True)}
        for passage in builder.build(blocks, tokenizer, minilm.MODEL.max_tokens):
            found.append(Found(tuple(_ranges(document, passage, places)), passage.token_count))
            embedded.append(passage.embedded_text)
    print(f"target {target}: structured in {process_time() - started:.1f} CPU s", file=sys.stderr)
    return found, embedded


def _ranges(document: str, passage: Passage, places: Mapping[UUID, tuple[int, ContentBlock]]) -> Iterator[Range]:
    """Where the passage's parts lie in the document."""
    for part in passage.parts:
        offset, block = places[part.block_id]
        start = offset + block.text.index(passage.text[part.start : part.end])
        yield document, start, start + part.end - part.start


def _within(ranked: Sequence[Found], tokens: int) -> list[Found]:
    kept: list[Found] = []
    for passage in ranked:
        tokens -= passage.tokens
        if tokens < 0:
            break
        kept.append(passage)
    return kept


def _scores(found: Sequence[Found], gold: Sequence[Range]) -> tuple[float, float, float]:
    """Recall, precision and IoU in characters."""
    retrieved = _merged([span for passage in found for span in passage.ranges])
    wanted = _merged(gold)
    shared = sum(_overlap(span, other) for span in retrieved for other in wanted)
    all_retrieved, all_wanted = _length(retrieved), _length(wanted)
    return shared / all_wanted, shared / max(1, all_retrieved), shared / (all_retrieved + all_wanted - shared)


def _merged(ranges: Sequence[Range]) -> list[Range]:
    merged: list[Range] = []
    for document, start, end in sorted(ranges):
        if merged and merged[-1][0] == document and start <= merged[-1][2]:
            merged[-1] = (document, merged[-1][1], max(end, merged[-1][2]))
        else:
            merged.append((document, start, end))
    return merged


def _overlap(one: Range, other: Range) -> int:
    return max(0, min(one[2], other[2]) - max(one[1], other[1])) if one[0] == other[0] else 0


def _length(ranges: Sequence[Range]) -> int:
    return sum(end - start for _, start, end in ranges)


def _texts(folder: Path) -> dict[str, str]:
    rows = map(json.loads, (folder / "corpus.jsonl").read_text("utf-8").splitlines())
    return {row["id"]: row["text"] for row in rows}


def _questions(folder: Path) -> list[Question]:
    rows = map(json.loads, (folder / "questions.jsonl").read_text("utf-8").splitlines())
    return [Question(row["question"], tuple((row["gold_doc_ids"][0], r["start"], r["end"]) for r in row["references"])) for row in rows]


if __name__ == "__main__":
    sys.exit(main())
