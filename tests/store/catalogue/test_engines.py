"""What goes into a database: JSON without U+0000, which PostgreSQL cannot hold."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from semantic_memory.store.catalogue.engines import dump_json

TEXTS = st.lists(st.sampled_from(["\0", "\\", '"', "u0000", "ä"]), max_size=8).map("".join)


@given(key=TEXTS, texts=st.lists(TEXTS, max_size=3))
def test_json_is_kept_but_for_the_nul_characters(key: str, texts: list[str]) -> None:
    kept = orjson.loads(dump_json({key: texts}))

    assert kept == {key.replace("\0", "\ufffd"): [text.replace("\0", "\ufffd") for text in texts]}
