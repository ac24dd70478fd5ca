"""Words of many scripts and of code: what the index holds and what a query asks for."""

import unicodedata
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_memory.core.words import MAX_WORD, STEMMERS, analyse, analyse_query, contains

HOSTILE = {
    "one long word": "a" * 50_000 + "!",
    "one endless line": "a" * 200_000,
    "dots": "a." * 200_000,
    "colons": "a::" * 150_000,
    "humps": "aA" * 200_000,
    "underscores": "_" * 400_000,
    "marks out of order": "a" + "\u0315\u0300" * 100_000,
    "Thai marks": "\u0e38\u0e48" * 100_000,
    "Han": "漢" * 150_000,
    "characters that expand": "\ufdfa" * 50_000,
    "open quotes": '"“„' * 20_000,
}


def terms(text: str, language: str | None = "en") -> list[str]:
    return analyse(text, language).terms


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("HTTPServer2Error", ["http", "server", "2", "error", "httpserver2error"]),
        ("getURL", ["get", "url", "geturl"]),
        ("snake_case_name", ["snake", "case", "name", "snakecasename"]),
        ("kebab-case", ["kebab", "case", "kebabcase"]),
        ("os.path", ["os", "path", "ospath"]),
        ("std::vector", ["std", "vector", "stdvector"]),
        ("__init__", ["init"]),
        ("1.5", ["1", "5", "1.5"]),
        ("U.S.", ["u", "s", "us"]),
    ],
)
def test_an_identifier_counts_in_parts_and_whole(name: str, expected: list[str]) -> None:
    assert terms(name) == expected


def test_a_method_is_found_by_its_own_name_without_its_object() -> None:
    assert "registerroutes" in terms("self.register_routes()")


@pytest.mark.parametrize("spelling", ["http_server", "httpServer", "HttpServer", "http-server", "HTTPServer"])
def test_spellings_of_one_name_share_a_term(spelling: str) -> None:
    assert "httpserver" in terms(spelling)


@pytest.mark.parametrize("word", ["पैंथर्स", "हिन्दी", "தமிழ்", "বাংলা", "עִבְרִית"])
def test_a_word_keeps_its_vowel_signs(word: str) -> None:
    assert analyse(f"{word}, {word}", None).exact == [unicodedata.normalize("NFKC", word)] * 2


def test_chinese_becomes_characters_and_pairs() -> None:
    assert terms("黑豹队", "zh") == ["黑", "豹", "队", "黑豹", "豹队"]


def test_numbers_between_han_characters_are_words() -> None:
    assert analyse("于2015年", "zh").exact == ["于", "2015", "年"]


def test_thai_vowel_signs_stay_with_their_consonant() -> None:
    assert "ชื่อ" in terms("ผมชื่อสมชาย", "th")


def test_hangul_is_the_same_composed_and_decomposed() -> None:
    assert terms(unicodedata.normalize("NFD", "안녕하세요"), "ko") == terms("안녕하세요", "ko")


@pytest.mark.parametrize(
    ("language", "forms"), [("en", "resets resetting"), ("de", "Häuser Hauses"), ("fr", "chevaux cheval"), ("ru", "книги книга")]
)
def test_forms_of_a_word_meet_in_its_own_language(language: str, forms: str) -> None:
    assert len(set(terms(forms, language))) == 1


@pytest.mark.parametrize("language", [None, "python", "go", "zh", "EN"])
def test_code_and_unknown_languages_are_stemmed_as_english(language: str | None) -> None:
    assert terms("passwords", language) == ["password"]


def test_a_language_without_a_stemmer_keeps_its_words() -> None:
    assert terms("hesaplaşmalarings", "az") == ["hesaplasmalarings"]


@pytest.mark.parametrize("language", STEMMERS)
def test_every_named_stemmer_exists(language: str) -> None:
    assert terms("abc", language) == ["abc"]


def test_names_are_found_without_their_accents() -> None:
    assert terms("Beyoncé Müller Łódź") == terms("Beyonce Muller Łodz")


@pytest.mark.parametrize(
    ("written", "plain"), [("ＡＢＣ", "abc"), ("ﬁle", "file"), ("STRASSE", "straße"), ("co\u00adoperate", "cooperate")]
)
def test_one_word_in_two_encodings_is_one_word(written: str, plain: str) -> None:
    assert analyse(written, None).exact == analyse(plain, None).exact


def test_exact_words_are_neither_stemmed_nor_split_at_underscores() -> None:
    assert analyse("self.register_routes(Passwords)", "en").exact == ["self", "register_routes", "passwords"]


def test_a_query_meets_the_stems_of_every_language_present() -> None:
    found = analyse_query("Einstellungen settings", ["de", "en"]).terms

    assert {"einstell", "set"} <= set(found)


def test_a_query_meets_passages_of_unknown_language() -> None:
    assert "password" in analyse_query("passwords", ["de"]).terms


def test_a_query_of_stop_words_keeps_its_words() -> None:
    assert analyse_query("to be or not to be", ["en"]).terms == ["to", "be", "or", "not"]


@pytest.mark.parametrize("quoted", ['"reset password"', "“Reset Password”", "„reset password“", "«reset password»"])
def test_quoted_words_are_a_phrase(quoted: str) -> None:
    assert analyse_query(f"how to {quoted} now", []).phrases == [("reset", "password")]


@pytest.mark.parametrize("text", ['an open " quote', '""', '"?!"', "it's 5'' wide"])
def test_quotes_around_no_words_are_no_phrase(text: str) -> None:
    assert analyse_query(text, []).phrases == []


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("reset_password", ("reset_password",)),
        ("os.path.join", ("os", "path", "join")),
        ("std::vector", ("std", "vector")),
        ("getUser", ("getuser",)),
        ("HTTPServer", ("httpserver",)),
        ("utf8", ("utf8",)),
        ("CVE-2024-1234", ("cve", "2024", "1234")),
    ],
)
def test_names_from_code_are_identifiers(name: str, run: tuple[str, ...]) -> None:
    assert analyse_query(f"where is {name} used?", []).identifiers == [run]


@pytest.mark.parametrize("word", ["well-known", "U.S.", "e.g.", "1.5", "1980s", "password", "API", "2015", "Häuser"])
def test_words_of_prose_are_no_identifiers(word: str) -> None:
    assert analyse_query(f"the {word} thing", []).identifiers == []


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_costs_time_in_proportion_to_its_length(text: str) -> None:
    started = process_time()
    analyse(text, "en")
    analyse_query(text[:200_000], ["en"])

    assert process_time() - started < 5


def test_no_term_is_longer_than_an_index_takes() -> None:
    assert max(len(term) for term in terms("x" * 1000 + "." + "y" * 1000)) <= 8 * MAX_WORD


def test_contains_asks_for_neighbours_in_order() -> None:
    words = ["a", "b", "a", "c"]

    assert contains(words, ("a", "c"))
    assert not contains(words, ("b", "c"))


@given(st.text(), st.sampled_from([None, "en", "de", "hi", "zh", "th", "python"]))
def test_a_query_finds_the_text_it_was_copied_from(text: str, language: str | None) -> None:
    found, asked = analyse(text, language), analyse_query(text, [language])

    assert set(found.terms) <= set(asked.terms)
    assert set(found.exact) == set(asked.exact)
    assert all(contains(found.exact, run) for run in asked.identifiers)
