import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_memory.etl.office.numbers import BUILT_IN, shown


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (0.1 + 0.2, "General", "0.3"),
        (1e20, "General", "1E+20"),
        (123456789012345, "General", "123456789012345"),
        (0.256, "0.0%", "25.6%"),
        (1234.5, '"$"#,##0.00', "$1,234.50"),
        (1234.5, "[$€-407] #,##0.00", "€ 1,234.50"),
        (1234.5, '_-* #,##0.00\\ "€"_-;-* #,##0.00\\ "€"_-;_-* "-"??\\ "€"_-;_-@_-', "1,234.50 €"),
        (0, '_-* #,##0_-;-* #,##0_-;_-* "-"??_-;_-@_-', "-"),
        (-5, "#,##0.00;[Red](#,##0.00)", "(5.00)"),
        (-5, "#,##0.00", "-5.00"),
        (-5, "$0", "-$5"),
        (0, '0;-0;"none"', "none"),
        (42, "00000", "00042"),
        (3, "0.##", "3"),
        (3.14159, "0.##", "3.14"),
        (1234567, "#,##0,", "1,235"),
        (12345678.9, "0.00E+00", "1.23E+07"),
        (5, '0" kg"', "5 kg"),
        (7, 'General" pcs"', "7 pcs"),
        (7, '"only text"', "only text"),
        (0.5, "# ?/?", "0.5"),
        (7, "@", "7"),
        (45000, "dd/mm/yyyy", "2023-03-15"),
        (45000, "[$-409]mmmm d, yyyy;@", "2023-03-15"),
        (45000.5, "m/d/yy h:mm", "2023-03-15 12:00"),
        (0.75, "h:mm AM/PM", "18:00"),
        (0.7505, "h:mm:ss", "18:00:43"),
        (1.5, "[h]:mm:ss", "36:00:00"),
        (-0.5, "[h]:mm", "-12:00"),
        (1e300, "yyyy-mm-dd", "1E+300"),
        (1e12, "[h]:mm", "1000000000000"),
        (-1, "yyyy-mm-dd", "-1"),
    ],
)
def test_numbers_are_written_as_a_reader_sees_them(value: float, code: str, text: str) -> None:
    assert shown(value, code) == text


def test_dates_of_the_other_epoch_are_four_years_later() -> None:
    assert shown(0, "yyyy-mm-dd", is_1904=True) == "1904-01-01"


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.text('0#?,.%E+-"[]$;\\_*@ymdhs:/x ', max_size=20) | st.sampled_from(list(BUILT_IN.values())),
)
def test_no_code_is_a_failure(value: float, code: str) -> None:
    assert isinstance(shown(value, code), str)
