"""Store × capability, from the JUnit report of the contract, congruence and outage suites: `make test-stores`.

Usage: python scripts/store_matrix.py REPORT.xml
"""

import re
import sys
import xml.etree.ElementTree as ET
from collections import defaultdict

STORES = [
    "embedded",
    "chroma",
    "chroma_files",
    "milvus",
    "pgvector",
    "postgres",
    "qdrant",
    "qdrant_server",
    "weaviate",
    "pinecone",
    "postgresql",
    "s3",
]
DOUBLES = {"qdrant_server", "weaviate", "pinecone", "s3"}
"""Proven by a double of the server's protocol, built from its published API; the others are the real engines."""

CAPABILITIES = {
    "filters": r"filter",
    "tenants, collections": r"tenant|granted|names_of_any|several_collections|forged|altered",
    "restart": r"restart|killed_and_started|killed_and",
    "concurrency": r"at_once|beside_writes|same_time|two_",
    "10,000 rows, recall": r"ten_thousand",
    "agrees with memory": r"agrees_with_the_memory",
    "outage, lost data": r"crash_07|crash_08|killed|down|lost|blackhole|garbage|never_answers|refused",
}
"""Column → what the names of its tests hold; the first that fits counts, and `rows, positions` has the rest."""
BASICS = "rows, positions"

LANES = {
    "Finding by meaning": "vector",
    "Finding by words": "keyword",
    "Catalogue": "catalogue",
    "Original files": "blobs",
    "In the whole product": "chaos",
}
"""Table → what the names of its test modules hold."""

CASE = re.compile(r"(?P<test>\w+)\[(?P<store>[a-z_]+)[],-]?")


def main() -> None:
    report = ET.parse(sys.argv[1]).getroot()  # noqa: S314 - written by our own pytest run
    for lane, marker in LANES.items():
        table = _table([case for case in report.iter("testcase") if marker in case.get("classname", "")])
        if table:
            print(f"\n## {lane}\n\n{table}")


def _table(cases: list[ET.Element]) -> str:
    outcomes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for case in cases:
        module, found = case.get("classname", "").rpartition(".test_")[2], CASE.match(case.get("name", ""))
        store = module if found is None or module in STORES else found["store"]
        if store in STORES:
            outcomes[store, _capability(case.get("name", ""))].append(_outcome(case))
    columns = [column for column in (BASICS, *CAPABILITIES) if any(key[1] == column for key in outcomes)]
    rows = [
        [store, *(_cell(outcomes[store, column], store) for column in columns)] for store in STORES if any(s == store for s, _ in outcomes)
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in [["store", *columns], ["---"] * (len(columns) + 1), *rows]) if rows else ""


def _capability(test: str) -> str:
    return next((name for name, pattern in CAPABILITIES.items() if re.search(pattern, test)), BASICS)


def _outcome(case: ET.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "FAIL"
    skipped = case.find("skipped")
    if skipped is None:
        return "pass"
    return "not offered" if "not offered" in skipped.get("message", "") else "skipped"


def _cell(outcomes: list[str], store: str) -> str:
    """The worst of them, with how many there were."""
    if not outcomes:
        return "–"
    counts = {kind: outcomes.count(kind) for kind in ("FAIL", "skipped", "not offered", "pass") if kind in outcomes}
    told = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    return told + (" (double)" if store in DOUBLES else "")


if __name__ == "__main__":
    main()
