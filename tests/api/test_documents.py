"""Uploads, jobs, files and documents over HTTP."""

from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from semantic_memory.api.attachments import attachment
from semantic_memory.api.uploads import document_name
from semantic_memory.core.access import Role
from semantic_memory.core.errors import InvalidInputError, NotFoundError
from tests.api.conftest import HANDBOOK, ONE_LOOP, ROOT, Api

FORM = "multipart/form-data; boundary=b"


async def get(api: Api, path: str, role: Role = Role.READER, **headers: str) -> httpx.Response:
    return await api.http.get(f"{ROOT}/{path}", headers={**await api.headers(role), **headers})


async def post_form(api: Api, content: bytes, content_type: str = FORM) -> httpx.Response:
    headers = {**await api.headers(Role.INGESTOR), "Content-Type": content_type}
    return await api.http.post(f"{ROOT}/ingest", content=content, headers=headers)


def left_over(api: Api) -> list[Path]:
    """Temporary files of uploads."""
    return list((api.services.settings.data_dir / "uploads").glob("*"))


def part(name: str, content: bytes, filename: str | None = None, boundary: bytes = b"b") -> bytes:
    named = f'; filename="{filename}"' if filename is not None else ""
    return b"--" + boundary + f'\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + content + b"\r\n"


async def test_an_upload_is_accepted_with_a_job(api: Api) -> None:
    answer = await api.upload()

    assert answer.status_code == 202
    assert answer.headers["Location"] == f"{ROOT}/jobs/{answer.json()['id']}"
    assert answer.json()["state"] in {"waiting", "running"}


async def test_the_job_tells_what_came_out(api: Api) -> None:
    job = await api.finished((await api.upload()).json()["id"])

    assert (job["state"], job["result"]["outcome"]) == ("done", "new")
    assert job["result"]["blocks"] >= 4


async def test_an_upload_leaves_no_temporary_file(api: Api) -> None:
    await api.upload()

    assert left_over(api) == []


async def test_a_document_comes_back_byte_by_byte(api: Api) -> None:
    document = await api.ingested()

    answer = await get(api, f"file/{document}")

    assert answer.content == HANDBOOK
    assert answer.headers["Content-Type"].startswith("text/markdown")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="handbook.md"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


async def test_a_part_of_a_document_can_be_asked_for(api: Api) -> None:
    document = await api.ingested()

    answer = await get(api, f"file/{document}", Range="bytes=2-9")

    assert (answer.status_code, answer.content) == (206, HANDBOOK[2:10])


@pytest.mark.parametrize("ranges", ["bytes=999999-", "bytes=x", "bytes=" + ",".join(["0-"] * 1000), "lines=1-2"])
async def test_dos_08_strange_ranges_do_no_harm(api: Api, ranges: str) -> None:
    document = await api.ingested()

    answer = await get(api, f"file/{document}", Range=ranges)

    assert answer.status_code in {200, 206, 400, 416}
    assert len(answer.content) < 100_000


async def test_a_page_is_sent_as_bytes_so_that_no_browser_runs_it(api: Api) -> None:
    document = await api.ingested("page.html", b"<h1>Backups</h1><p>Kept for ninety days.</p><script>alert(1)</script>")

    assert (await get(api, f"file/{document}")).headers["Content-Type"] == "application/octet-stream"


async def test_inj_10_a_name_cannot_add_a_header(api: Api) -> None:
    document = await api.ingested("a\u2028 \u00e9\u4e2d;x=y.md")

    disposition = (await get(api, f"file/{document}")).headers["Content-Disposition"]

    assert disposition.isascii()
    assert disposition.startswith("attachment; filename*=utf-8''")


async def test_a_block_comes_as_json(api: Api) -> None:
    document = await api.ingested()
    hits = await api.http.post(f"{ROOT}/search", json={"query": "reset password"}, headers=await api.headers(Role.READER))

    block = (await get(api, f"file/{hits.json()['hits'][0]['block_ids'][-1]}")).json()

    assert set(block) == {"id", "source_id", "type", "text", "language", "order", "page", "metadata"}
    assert (block["source_id"], block["type"]) == (document, "paragraph")


async def test_documents_are_listed_a_page_at_a_time(api: Api) -> None:
    expected = sorted([await api.ingested(f"{number}.md", HANDBOOK) for number in range(3)])

    first = (await get(api, "documents?limit=2")).json()
    second = (await get(api, f"documents?limit=2&after={first['next_after']}")).json()

    assert [document["id"] for document in first["documents"] + second["documents"]] == expected
    assert second["next_after"] is None


async def test_a_list_is_narrowed(api: Api) -> None:
    await api.ingested("a.md", collection="left")
    await api.ingested("b.md", collection="right")

    assert [found["path"] for found in (await get(api, "documents?collection=left")).json()["documents"]] == ["a.md"]
    assert [found["path"] for found in (await get(api, "documents?path_prefix=b")).json()["documents"]] == ["b.md"]


@ONE_LOOP
@pytest.mark.parametrize(
    "query", ["limit=0", "limit=-1", "limit=201", "limit=1e3", "after=x", "collection=", "collection=%00", f"source={'x' * 2000}"]
)
async def test_dos_09_an_unfit_page_is_refused(shared: Api, query: str) -> None:
    assert (await get(shared, f"documents?{query}")).status_code == 422


async def test_one_document_can_be_read(api: Api) -> None:
    document = await api.ingested(collection="c", metadata='{"team": "blue", "tags": ["x", "y"]}')

    body = (await get(api, f"documents/{document}")).json()

    assert (body["path"], body["collection"], body["version"], body["state"]) == ("handbook.md", "c", 1, "indexed")
    assert body["metadata"]["team"] == "blue"
    assert "tenant" not in body


async def test_a_deleted_document_is_gone_everywhere(api: Api) -> None:
    document = await api.ingested()
    headers = await api.headers(Role.INGESTOR)

    assert (await api.http.delete(f"{ROOT}/documents/{document}", headers=headers)).status_code == 204

    assert (await get(api, f"documents/{document}")).status_code == 404
    assert (await get(api, f"file/{document}")).status_code == 404
    assert (await api.http.post(f"{ROOT}/search", json={"query": "password"}, headers=headers)).json()["hits"] == []
    assert (await api.http.delete(f"{ROOT}/documents/{document}", headers=headers)).status_code == 404


async def test_a_document_can_be_read_again(api: Api) -> None:
    document = await api.ingested()

    answer = await api.http.post(f"{ROOT}/documents/{document}/reprocess", headers=await api.headers(Role.INGESTOR))
    job = await api.finished(answer.json()["id"])

    assert (answer.status_code, answer.headers["Location"]) == (202, f"{ROOT}/jobs/{job['id']}")
    assert (job["state"], job["result"]["outcome"]) == ("done", "changed")
    assert (await get(api, f"documents/{document}")).json()["version"] == 2


async def test_what_is_not_there_cannot_be_read_again(api: Api) -> None:
    answer = await api.http.post(f"{ROOT}/documents/{uuid4()}/reprocess", headers=await api.headers(Role.INGESTOR))

    assert answer.status_code == 404


async def test_an_original_that_is_missing_is_not_found(api: Api) -> None:
    document = await api.ingested()
    headers = await api.headers(Role.READER)
    found = await api.services.memory.original((await api.services.memory.documents())[0].id)
    found[1].unlink()

    assert (await api.http.get(f"{ROOT}/file/{document}", headers=headers)).status_code == 404


async def test_a_file_that_goes_before_it_is_sent_is_not_found(api: Api, tmp_path: Path) -> None:
    await api.ingested()
    (document,) = await api.services.memory.documents()

    with pytest.raises(NotFoundError):
        await attachment(document, tmp_path / "gone")


@ONE_LOOP
@pytest.mark.parametrize("path", ["file/x", "jobs/1", "documents/none", "file/%00", "documents/..%2f..%2fetc"])
async def test_an_id_that_is_none_is_refused(shared: Api, path: str) -> None:
    assert (await get(shared, path, Role.ADMIN)).status_code in {404, 422}


async def test_a_file_that_cannot_be_read_fails_with_its_reason(api: Api) -> None:
    job = await api.finished((await api.upload("broken.pdf", b"%PDF-1.7\nnot really")).json()["id"])

    assert job["state"] == "failed"
    assert job["reason"].startswith("not_indexed: corrupt_file: ")


async def test_a_file_at_the_limit_is_accepted_and_one_byte_more_is_not(api: Api) -> None:
    limit = api.services.settings.max_upload_bytes

    assert (await api.upload("big.txt", b"x" * limit)).status_code == 202
    refused = await api.upload("big.txt", b"x" * (limit + 1))

    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    assert left_over(api) == []


async def test_dos_01_an_upload_that_announces_too_much_is_refused_unread(api: Api) -> None:
    headers = {**await api.headers(Role.INGESTOR), "Content-Type": FORM, "Content-Length": "99999999999"}

    assert (await api.http.post(f"{ROOT}/ingest", content=b"", headers=headers)).status_code == 413


BROKEN_FORMS: list[tuple[bytes, str]] = [
    (b"", FORM),
    (b"--b--\r\n", FORM),
    (b"junk", FORM),
    (part("file", b"x", "a.txt"), FORM),
    (part("file", b"x", "a.txt") + b"--b--", "multipart/form-data"),
    (part("file", b"x", "a.txt") + b"--b--", "multipart/form-data; boundary=" + "b" * 10_000),
    (part("file", b"x", "a.txt") + b"--b--", "multipart/form-data; boundary="),
    (part("file", b"x") + b"--b--", FORM),
    (part("file", b"x", "") + b"--b--", FORM),
    (part("file", b"x", "../..") + b"--b--", FORM),
    (part("file", b"x", "a\0b.txt") + b"--b--", FORM),
    (part("file", b"x", "n" * 1025) + b"--b--", FORM),
    (part("other", b"x", "a.txt") + b"--b--", FORM),
    (part("collection", b"a") + b"--b--", FORM),
    (part("file", b"x", "a.txt") * 2 + b"--b--", FORM),
    (part("collection", b"a") * 2 + part("file", b"x", "a.txt") + b"--b--", FORM),
    (part("tenant", b"other") + part("file", b"x", "a.txt") + b"--b--", FORM),
    (part("collection", b"../x") + part("file", b"x", "a.txt") + b"--b--", FORM),
    (part("collection", b"\xff") + part("file", b"x", "a.txt") + b"--b--", FORM),
    (part("metadata", b"[]") + part("file", b"x", "a.txt") + b"--b--", FORM),
    (part("metadata", b"{") + part("file", b"x", "a.txt") + b"--b--", FORM),
    (part("metadata", b'{"a": NaN}') + part("file", b"x", "a.txt") + b"--b--", FORM),
    (part("metadata", b'{"a": {"b": 1}}') + part("file", b"x", "a.txt") + b"--b--", FORM),
    (part("metadata", b'{"a":' * 50_000) + part("file", b"x", "a.txt") + b"--b--", FORM),
    (b"--b\r\n" + b"X: y\r\n" * 10_000 + b"\r\nx\r\n--b--", FORM),
    (b"--b\r\nX: " + b"y" * 100_000 + b"\r\n\r\nx\r\n--b--", FORM),
    (b"--b\r\n\r\nx\r\n--b--", FORM),
    (part("x", b"") * 10_000 + b"--b--", FORM),
    (b"--b" + b"-" * 300_000, FORM),
]


@ONE_LOOP
@pytest.mark.parametrize(("content", "content_type"), BROKEN_FORMS, ids=lambda value: repr(value[:50]))
async def test_dos_05_dos_06_a_broken_form_is_refused(shared: Api, content: bytes, content_type: str) -> None:
    answer = await post_form(shared, content, content_type)

    assert answer.status_code in {413, 422}
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert left_over(shared) == []


async def test_a_field_that_is_too_long_is_refused(api: Api) -> None:
    content = part("metadata", b" " * 70_000) + part("file", b"x", "a.txt") + b"--b--"

    assert (await post_form(api, content)).status_code == 413


@ONE_LOOP
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", "", "x"])
async def test_what_is_no_form_is_refused(shared: Api, content_type: str) -> None:
    assert (await post_form(shared, b"{}", content_type)).status_code == 415


async def test_parts_that_arrive_byte_by_byte_are_put_together(api: Api) -> None:
    content = part("collection", b"slow") + part("file", HANDBOOK, "slow.md") + b"--b--\r\n"

    async def drip():
        for byte in content:
            yield bytes([byte])

    headers = {**await api.headers(Role.INGESTOR), "Content-Type": FORM}
    job = (await api.http.post(f"{ROOT}/ingest", content=drip(), headers=headers)).json()

    document = (await api.finished(job["id"]))["result"]["document_id"]
    assert (await get(api, f"file/{document}")).content == HANDBOOK
    assert (await get(api, f"documents/{document}")).json()["collection"] == "slow"


async def test_uploads_are_counted(api: Api) -> None:
    await api.upload()

    metrics = (await api.http.get("/metrics")).text
    assert "ingest_uploads_total 1.0" in metrics
    assert f"ingest_upload_bytes_total {float(len(HANDBOOK))}" in metrics


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("a.md", "a.md"),
        ("docs/a.md", "docs/a.md"),
        ("C:\\docs\\a.md", "C:/docs/a.md"),
        ("/etc/passwd", "etc/passwd"),
        ("../../a.md", "a.md"),
        ("./a//b.md", "a/b.md"),
        ("e\u0301.md", "\u00e9.md"),
        ("...", "..."),
    ],
)
def test_a_name_becomes_one_relative_path(given: str, name: str) -> None:
    assert document_name(given) == name


@pytest.mark.parametrize("given", ["a\r\nSet-Cookie: x", "a\tb", "\x7f", "\ud800", "x" * 1025])
def test_inj_10_a_name_with_control_characters_is_refused(given: str) -> None:
    with pytest.raises(InvalidInputError):
        document_name(given)
