import io
import json
import subprocess
import zipfile

from PIL import Image

from scripts import make_samples

LIMIT_BYTES = 200_000


def test_the_pdf_is_what_the_script_makes(root):
    assert (root / "samples" / "quarterly-report.pdf").read_bytes() == make_samples.report_pdf(), "run `make samples`"


def test_the_word_file_is_what_the_script_makes(root):
    kept = zipfile.ZipFile(root / "samples" / "travel-guidelines.docx")
    made = zipfile.ZipFile(io.BytesIO(make_samples.travel_docx()))

    assert {name: kept.read(name) for name in kept.namelist()} == {name: made.read(name) for name in made.namelist()}


def test_the_scan_is_what_the_script_makes(root):
    kept = Image.open(root / "samples" / "delivery-note.png").convert("L")
    made = Image.open(io.BytesIO(make_samples.delivery_png())).convert("L")

    assert kept.size == made.size
    assert kept.tobytes() == made.tobytes()


def test_the_samples_stay_small(root):
    assert sum(path.stat().st_size for path in (root / "samples").rglob("*") if path.is_file()) < LIMIT_BYTES


def test_the_book_has_every_type_of_block(root):
    book = json.loads((root / "samples" / "books" / "beekeeping.json").read_text("utf-8"))

    assert {block["type"] for block in book["content_blocks"]} == {"paragraph", "heading", "list", "table", "code_block", "quote", "figure"}


def test_the_code_project_has_a_file_that_its_gitignore_leaves_out(root):
    command = ["git", "check-ignore", "--no-index", "samples/inventory/scratch/draft.py"]

    assert subprocess.run(command, cwd=root, capture_output=True, check=False).returncode == 0
    assert (root / "samples" / "inventory" / "scratch" / "draft.py").exists()
