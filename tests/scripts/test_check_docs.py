import pytest

from scripts.check_docs import problems_of, read, run_block, slug


@pytest.fixture
def page(tmp_path):
    """A page in a small repository of its own."""
    (tmp_path / "Makefile").write_text("run:\n\ttrue\n", "utf-8")
    (tmp_path / "samples").mkdir()
    (tmp_path / "other.md").write_text("# Other page\n\n## A `code` heading, twice\n", "utf-8")

    def make(text):
        (tmp_path / "page.md").write_text(text, "utf-8")
        return read(tmp_path / "page.md")

    return make


@pytest.mark.parametrize(
    "text",
    [
        "[there](other.md) and [further](other.md#a-code-heading-twice) and [out](https://example.org/x)",
        "# Here\n\n[up](#here)",
        "`make run`, then `semantic-memory search x`",
        "```python\nprint('works')\n```",
        "make sense of a semantic-memory server",
    ],
)
def test_a_sound_page_has_no_problems(page, tmp_path, text):
    assert list(problems_of(page(text), tmp_path)) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[gone](gone.md)", "page.md: link to gone.md: no such file here"),
        ("[out](../outside.md)", "page.md: link to ../outside.md: no such file here"),
        ("[lost](other.md#lost)", "page.md: link to other.md#lost: no such heading"),
        ("`make tea`", "page.md: `make tea`: no such command"),
        ("```console\n$ semantic-memory forget\n```", "page.md: `semantic-memory forget`: no such command"),
        ("```python\nraise ValueError('no')\n```", "page.md: Python block 1: ValueError: no"),
    ],
)
def test_a_fault_is_named(page, tmp_path, text, problem):
    assert list(problems_of(page(text), tmp_path)) == [problem]


def test_a_block_finds_the_samples_and_nothing_else(page, tmp_path):
    assert run_block("import os; assert os.listdir() == ['samples']", tmp_path) == ""


def test_anchors_are_made_as_code_hosts_make_them():
    assert slug("The `DATA_DIR`, and more!") == "the-data_dir-and-more"
