"""CSV and TSV: one table in groups of rows, each with its lines in the file. Values stay as they are, formulas too: nothing is exported."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from semantic_memory.core.model import BlockDraft, BlockType, Extraction, JsonValue
from semantic_memory.etl.blocks.tables import Rows, names_columns, row_groups, table_block
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.media_types import CSV, TSV
from semantic_memory.etl.office.sheets import MAX_BYTES, MAX_CELLS, Budget
from semantic_memory.etl.text import TEXT_BYTES, read_text

DELIMITERS = "\t;|,"
"""The comma last: where two fit equally well it is the decimal sign of numbers between semicolons."""
SNIFFED_CHARACTERS = 64 * 1024
MAX_COLUMNS = 1000
"""Further fields of a row are left out."""
MAX_FIELD_LINES = 200
"""A field that goes on for more lines began with a quotation mark that was none."""


def build(options: ReadOptions) -> Format:  # noqa: ARG001  nothing to choose
    return CsvFormat()


class CsvFormat:
    media_types = frozenset({CSV, TSV})

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        """Lines above the table as paragraphs, then its rows in groups (metadata: start_line, end_line of their own rows; part of parts).

        Raises: EmptyDocumentError, ExtractionLimitError.
        """
        decoded = read_text(file)
        dialect = _dialect(decoded.text, is_tabbed=media_type == TSV)
        records = list(_records(decoded.text, dialect))
        warnings: list[str] = []
        if any(record.end_line - record.start_line > MAX_FIELD_LINES for record in records):
            dialect = dialect._replace(has_quotes=False)
            records = list(_records(decoded.text, dialect))
            warnings.append("quotation marks are not paired: they were read as part of the values")
        blocks = list(_blocks(records, warnings))
        facts: dict[str, JsonValue] = {"delimiter": dialect.delimiter, "records": len(records)}
        encoding: dict[str, JsonValue] = {} if decoded.encoding == "utf-8" else {"encoding": decoded.encoding}
        return Extraction(media_type, blocks, metadata=facts | encoding, warnings=warnings)


class _Dialect(NamedTuple):
    delimiter: str
    has_quotes: bool = True
    first_line: int = 1
    """Where the records begin: behind the line `sep=;` that Excel reads and writes."""


class _Record(NamedTuple):
    """The fields of one row and its lines; quoted fields may hold line breaks."""

    fields: list[str]
    start_line: int
    end_line: int


def _dialect(text: str, *, is_tabbed: bool) -> _Dialect:
    """The delimiter by which most records of the first 64 KB have the same number of fields, and more than one; the tab where it is named.

    Not by `csv.Sniffer`: it takes letters for delimiters, and its search for quotes is quadratic.
    """
    first_line = text.partition("\n")[0].strip()
    if first_line[:4].lower() == "sep=" and len(first_line) == 5:
        return _Dialect(first_line[4], first_line=2)
    sample = text[:SNIFFED_CHARACTERS]
    sample = sample.rpartition("\n")[0] if len(text) > SNIFFED_CHARACTERS and "\n" in sample else sample
    tabbed = _Dialect("\t")
    if is_tabbed and _agreement(sample, tabbed):
        return tabbed
    best = max((_Dialect(delimiter) for delimiter in DELIMITERS), key=lambda dialect: _agreement(sample, dialect))
    return best if _agreement(sample, best) else _Dialect(",")


def _agreement(sample: str, dialect: _Dialect) -> float:
    """The share of records with the most frequent number of fields, if that is above 1."""
    widths = Counter(len(record.fields) for record in _records(sample, dialect))
    width, count = max(widths.items(), key=lambda item: (item[0] > 1, item[1], item[0]), default=(0, 0))
    return count / widths.total() if width > 1 else 0


def _records(text: str, dialect: _Dialect) -> Iterator[_Record]:
    """Records that are not blank, with their lines."""
    csv.field_size_limit(TEXT_BYTES)  # the default of 131,072 is an error in the middle of a file
    lines = text.split("\n")[dialect.first_line - 1 :]
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.has_quotes else csv.QUOTE_NONE
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=dialect.delimiter, quoting=quoting, skipinitialspace=True)
    start = dialect.first_line
    for fields in reader:
        end = dialect.first_line + reader.line_num - 1
        if any(field.strip() for field in fields):
            yield _Record(fields, start, end)
        start = end + 1


def _blocks(records: Sequence[_Record], warnings: list[str]) -> Iterator[BlockDraft]:
    above = _rows_above(records)
    for record in records[:above]:
        text = " ".join(field.strip() for field in record.fields if field.strip())
        yield BlockDraft(BlockType.PARAGRAPH, text, metadata={"start_line": record.start_line, "end_line": record.end_line})
    records = records[above:]
    rows = [record.fields[:MAX_COLUMNS] for record in records]
    if any(len(record.fields) > MAX_COLUMNS for record in records):
        warnings.append(f"rows have more than {MAX_COLUMNS} fields: the others were left out")
    groups = list(row_groups(rows, int(names_columns(rows, of_words=True)))) if rows else []
    budget = Budget()
    for number, group in enumerate(groups, start=1):
        padded = _padded(group.rows)
        if not budget.takes(padded):
            warnings.append(
                f"only {group.start} of {len(rows)} rows were read: a file gives at most {MAX_CELLS} cells or {MAX_BYTES} bytes"
            )
            return
        part: dict[str, JsonValue] = {"part": number, "parts": len(groups)} if len(groups) > 1 else {}
        place: dict[str, JsonValue] = {"start_line": records[group.start].start_line, "end_line": records[group.end - 1].end_line}
        yield table_block(padded, group.header_rows, metadata={**place, **part})


def _rows_above(records: Sequence[_Record]) -> int:
    """How many records stand above the table: a title or notes, each a single value where the table has several."""
    widths = Counter(len(record.fields) for record in records)
    width = widths.most_common(1)[0][0] if widths else 0
    count = 0
    while width > 1 and count < len(records) and sum(map(bool, map(str.strip, records[count].fields))) == 1:
        count += 1
    return count


def _padded(rows: Rows) -> list[list[str]]:
    width = max(map(len, rows))
    return [[*row, *[""] * (width - len(row))] for row in rows]
