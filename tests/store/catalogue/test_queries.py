"""A prefix as a range of an index."""

from hypothesis import given
from hypothesis import strategies as st

from semantic_memory.store.catalogue.queries import successor

NARROW = st.text(st.sampled_from(["a", "b", "\ud7ff", "\ue000", "\U0010ffff"]), max_size=4)


@given(prefix=NARROW, text=NARROW)
def test_texts_with_the_prefix_are_exactly_those_between_it_and_its_successor(prefix: str, text: str) -> None:
    end = successor(prefix)

    assert text.startswith(prefix) == (prefix <= text and (end is None or text < end))


def test_the_successor_is_text_a_database_can_hold() -> None:
    assert successor("x\ud7ff") == "x\ue000"
