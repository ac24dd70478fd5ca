from semantic_memory.core.model import BlockDraft, BlockType
from semantic_memory.etl.language_id import with_languages

ENGLISH = "The quick brown fox jumps over the lazy dog near the river bank every single morning."
GERMAN = "Der schnelle braune Fuchs springt jeden Morgen über den faulen Hund am Ufer des Flusses."
CHINESE = "我们每天早上都会在河边看到一只敏捷的棕色狐狸跳过懒狗。"


def languages(*blocks: BlockDraft) -> list[str | None]:
    return [block.language for block in with_languages(blocks)]


def paragraph(text: str, language: str | None = None) -> BlockDraft:
    return BlockDraft(BlockType.PARAGRAPH, text, language=language)


def test_each_paragraph_gets_its_own_language() -> None:
    assert languages(paragraph(ENGLISH), paragraph(GERMAN), paragraph(CHINESE)) == ["en", "de", "zh"]


def test_short_blocks_take_the_language_of_the_document() -> None:
    assert languages(BlockDraft(BlockType.HEADING, "Menü"), paragraph(GERMAN), paragraph("OK")) == ["de", "de", "de"]


def test_the_main_language_is_that_of_most_letters() -> None:
    assert languages(paragraph("?"), paragraph(ENGLISH), paragraph(GERMAN * 3))[0] == "de"


def test_code_and_known_languages_are_left_alone() -> None:
    assert languages(paragraph(ENGLISH, "fr"), BlockDraft(BlockType.CODE, ENGLISH)) == ["fr", None]


def test_without_enough_letters_there_is_no_language() -> None:
    assert languages(paragraph("12 34"), paragraph("ok")) == [None, None]


def test_capital_letters_do_not_matter() -> None:
    assert languages(paragraph(GERMAN.upper())) == ["de"]
