"""Hostile uploads of the reliability catalogue: names, types and repetition; the names of the tests carry their numbers."""

import asyncio
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from semantic_memory.core.access import Role
from tests.api.conftest import ROOT, Api

NAMES = [
    "../../x.md",
    "..\\..\\x.md",
    "/etc/x.md",
    "C:\\x.md",
    "%2e%2e%2fx.md",
    ".htaccess",
    "CON",
    '"><img src=x onerror=alert(1)>.md',
    "....//....//x.md",
    "x.md/..",
    "~/x.md",
    "$HOME.md",
    "n" * 255 + ".md",
]
REFUSED_NAMES = ["n" * 5000, "x\u202efdp.exe", "x\u2066.md", "..", "../..", "./.", "\u0085.md"]


def files_below(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


async def documents(api: Api) -> list[dict[str, str]]:
    answer = await api.http.get(f"{ROOT}/documents?limit=200", headers=await api.headers(Role.READER))
    return answer.raise_for_status().json()["documents"]


async def test_file_01_no_name_decides_where_bytes_are_written_or_is_shown_as_another(api: Api, tmp_path: Path) -> None:
    data = api.services.settings.data_dir
    before = files_below(tmp_path) - files_below(data)

    for name in NAMES:
        await api.ingested(name)

    assert files_below(tmp_path) - files_below(data) == before
    assert [path for path in files_below(data) if path.suffix == ".md" or path.name in {"CON", ".htaccess"}] == []
    for path in [document["path"] for document in await documents(api)]:
        assert not {"", ".", ".."} & set(path.split("/"))
        assert path.isprintable()


@pytest.mark.parametrize("name", REFUSED_NAMES, ids=lambda name: ascii(name[:10]))
async def test_file_01_names_that_mislead_are_refused(api: Api, name: str) -> None:
    answer = await api.upload(name)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert await documents(api) == []


async def upload_as(api: Api, name: str, content: bytes, content_type: str) -> httpx.Response:
    headers = await api.headers(Role.INGESTOR)
    return await api.http.post(f"{ROOT}/ingest", files={"file": (name, content, content_type)}, headers=headers)


@pytest.mark.parametrize(
    ("name", "content", "claimed", "detected"),
    [
        ("a.pdf", b"<html><body><h1>Backups</h1><script>alert(1)</script></body></html>", "application/pdf", "text/html"),
        ("a.txt", Path(__file__).parents[2].joinpath("samples", "quarterly-report.pdf").read_bytes(), "text/plain", "application/pdf"),
    ],
    ids=["a page as PDF", "a PDF as text"],
)
async def test_file_05_the_content_decides_the_type_and_the_original_is_an_inert_attachment(
    api: Api, name: str, content: bytes, claimed: str, detected: str
) -> None:
    job = await api.finished((await upload_as(api, name, content, claimed)).json()["id"])
    document = job["result"]["document_id"]

    (known,) = await documents(api)
    original = await api.http.get(f"{ROOT}/file/{document}", headers=await api.headers(Role.READER))

    assert known["media_type"] == detected
    assert original.headers["X-Content-Type-Options"] == "nosniff"
    assert original.headers["Content-Disposition"].startswith("attachment;")
    assert original.headers["Content-Type"] in {"application/octet-stream", "application/pdf"}
    assert (original.headers["Content-Type"] == "application/octet-stream") == (detected == "text/html")


@pytest.mark.parametrize(
    ("name", "content"), [("a.pdf", b"MZ" + bytes(200)), ("a.md", b"\x7fELF" + bytes(200))], ids=["Windows program", "Linux program"]
)
async def test_file_05_a_program_is_refused_whatever_it_is_called(api: Api, name: str, content: bytes) -> None:
    job = await api.finished((await upload_as(api, name, content, "application/pdf")).json()["id"])

    assert job["state"] == "failed"
    assert "unsupported_type" in job["reason"]
    assert await documents(api) == []


@pytest.mark.parametrize("content", [b"", b" \n\t"], ids=["0 bytes", "blank"])
async def test_file_16_an_upload_without_text_fails_with_its_reason(api: Api, content: bytes) -> None:
    job = await api.finished((await api.upload("a.md", content)).json()["id"])

    assert job["state"] == "failed"
    assert "empty" in job["reason"]
    assert await documents(api) == []


async def accepted_upload(api: Api) -> str:
    """Id of the job; a server that is busy is asked again, as a client would."""
    while (answer := await api.upload()).status_code == 503:
        await asyncio.sleep(0.2)
    return answer.raise_for_status().json()["id"]


@pytest.mark.slow
async def test_file_16_the_same_file_a_hundred_times_is_one_document_and_one_job_does_the_work(api: Api) -> None:
    await api.user(Role.INGESTOR)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=api.app), base_url="http://test") as http:
        unwatched = replace(api, http=http)  # the watch for blocking calls cannot tell overlapping requests apart
        accepted = await asyncio.gather(*(accepted_upload(unwatched) for _ in range(100)))
    jobs = [await api.finished(job) for job in accepted]

    outcomes = {job["id"]: job["result"]["outcome"] for job in jobs}
    assert list(outcomes.values()).count("new") == 1
    assert set(outcomes.values()) <= {"new", "unchanged"}
    assert len(await documents(api)) == 1
