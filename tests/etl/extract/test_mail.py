import os
import struct
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from semantic_memory.core.errors import CorruptFileError, EmptyDocumentError, ExtractionLimitError
from semantic_memory.core.model import BlockType, Extraction
from semantic_memory.etl.containers.messages import MAX_BYTES, MAX_DEPTH, MAX_HEADER_CHARACTERS, MAX_PARTS
from semantic_memory.etl.containers.pictures import picture_size
from semantic_memory.etl.extract.mail import MailFormat
from semantic_memory.etl.extract.mailbox import MailboxFormat
from tests.etl.conftest import Read, Write

Unpacked = dict[str, bytes]


@pytest.fixture
def unpack(write: Write, tmp_path: Path) -> Callable[[bytes], Unpacked]:
    def unpack_mail(content: bytes) -> Unpacked:
        into = tmp_path / "into"
        into.mkdir()
        members = MailFormat().unpack(write("a.eml", content), "a.eml", "message/rfc822", into)
        return {member.path: Path(member.file).read_bytes() for member in members}

    return unpack_mail


def mail(text: str | None = "Hello.", **headers: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in ({"Subject": "A subject", "From": "Ada <ada@example.org>"} | headers).items():
        message[name.replace("_", "-")] = value
    if text is not None:
        message.set_content(text)
    return message


def texts(extraction: Extraction) -> list[str]:
    return [block.text for block in extraction.blocks]


def body(extraction: Extraction) -> list[tuple[Any, str]]:
    """Mark and text of each block that is neither subject nor headers."""
    return [(block.metadata.get("original_type"), block.text) for block in extraction.blocks if "part" in block.metadata]


def test_subject_headers_and_text_come_in_this_order(read: Read) -> None:
    message = mail(
        "First.\n\nSecond.", To="Bob <bob@example.org>, carol@example.org", Date="Mon, 02 Mar 2026 10:00:00 +0100", Cc="d@example.org"
    )

    extraction = read("a.eml", message.as_bytes())

    assert [(block.type, block.text) for block in extraction.blocks] == [
        (BlockType.HEADING, "A subject"),
        (
            BlockType.PARAGRAPH,
            "From: Ada <ada@example.org>\nTo: Bob <bob@example.org>, carol@example.org\n"
            "Cc: d@example.org\nDate: Mon, 02 Mar 2026 10:00:00 +0100",
        ),
        (BlockType.PARAGRAPH, "First."),
        (BlockType.PARAGRAPH, "Second."),
    ]
    assert extraction.title == "A subject"


def test_what_a_mail_says_of_itself_is_metadata(read: Read) -> None:
    message = mail(
        To="Bob <bob@example.org>",
        Date="Mon, 02 Mar 2026 10:00:00 +0100",
        Message_ID="<1@x>",
        In_Reply_To="<0@x>",
        References="<00@x>  <0@x>",
    )

    assert read("a.eml", message.as_bytes()).metadata == {
        "from": ["Ada <ada@example.org>"],
        "to": ["Bob <bob@example.org>"],
        "date": "2026-03-02T10:00:00+01:00",
        "message_id": "<1@x>",
        "in_reply_to": "<0@x>",
        "references": ["<00@x>", "<0@x>"],
    }


def test_blocks_have_the_number_of_their_part_and_no_lines(read: Read) -> None:
    message = mail("First.\n\nSecond\nline.")
    message.add_attachment(b"x", maintype="application", subtype="pdf", filename="a.pdf")

    blocks = read("a.eml", message.as_bytes()).blocks

    assert [(block.metadata["part"], block.text) for block in blocks[2:]] == [("1", "First."), ("1", "Second\nline.")]
    assert not any("start_line" in block.metadata for block in blocks)


def test_quotes_and_signature_are_kept_and_marked(read: Read) -> None:
    text = "Yes.\n\nOn 1 March 2026 at noon,\nBob <b@x> wrote:\n\n> Shall we?\n>> Earlier.\n\nBest,\nAda\n-- \nAda\n+44 1\n"

    assert body(read("a.eml", mail(text).as_bytes())) == [
        (None, "Yes."),
        ("quote", "On 1 March 2026 at noon,\nBob <b@x> wrote:"),
        ("quote", "Shall we?\nEarlier."),
        (None, "Best,\nAda"),
        ("signature", "--\nAda\n+44 1"),
    ]


@pytest.mark.parametrize(
    "start",
    [
        "-----Original Message-----\nFrom: Bob\n",
        "________________________________\nFrom: Bob\n",
        "From: Bob <b@x>\nSent: Monday, 2 March 2026\nTo: Ada\n",
        "*Von:* Bob\n*Gesendet:* 2. März 2026\n*An:* Ada\n",
    ],
)
def test_a_message_that_is_quoted_as_a_whole_is_marked(read: Read, start: str) -> None:
    marked = body(read("a.eml", mail(f"Mine.\n\n{start}\nTheirs.\n").as_bytes()))

    assert marked[0] == (None, "Mine.")
    assert {mark for mark, _ in marked[1:]} == {"quote"}
    assert marked[-1][1] == "Theirs."


@pytest.mark.parametrize(
    "text", ["Options:\n- one\n- two", "He said:\n\nNo.", "A: 1\nB: 2\n\nwords", "Total --- 5\n\n---\n\nmore words: yes"]
)
def test_the_senders_own_words_are_not_marked(read: Read, text: str) -> None:
    assert {mark for mark, _ in body(read("a.eml", mail(text).as_bytes()))} == {None}


def test_plain_text_is_preferred_to_html(read: Read) -> None:
    message = mail("The plain text says it all.")
    message.add_alternative("<p>The <b>rich</b> text says it all.</p>", subtype="html")

    assert body(read("a.eml", message.as_bytes())) == [(None, "The plain text says it all.")]


@pytest.mark.parametrize("plain", ["", "See the HTML."])
def test_html_is_read_where_the_plain_text_says_nothing(read: Read, plain: str) -> None:
    message = mail(plain)
    message.add_alternative(f"<h2>News</h2><p>{'word ' * 40}</p><blockquote><p>Theirs</p></blockquote>", subtype="html")

    extraction = read("a.eml", message.as_bytes())

    assert body(extraction) == [(None, "News"), (None, ("word " * 40).strip()), ("quote", "Theirs")]
    assert extraction.blocks[2].metadata["part"] == "2"


def test_html_that_quotes_a_whole_message_is_marked_from_there(read: Read) -> None:
    message = EmailMessage()
    message.set_content("<p>Mine</p><p>From: Bob<br>Sent: 2 March<br>To: Ada</p><p>Theirs</p><ul><li>x</li></ul>", subtype="html")

    assert [mark for mark, _ in body(read("a.eml", b"Subject: x\n" + message.as_bytes()))] == [None, "quote", "quote", None]


@pytest.mark.parametrize(
    ("header", "content", "text"),
    [
        (b"Content-Type: text/plain; charset=latin-1", "Grüße".encode("latin-1"), "Grüße"),
        (b"Content-Type: text/plain; charset=x-unknown", "Grüße an alle".encode(), "Grüße an alle"),
        (
            b"Content-Type: text/plain; charset=utf-8",
            "Viele Grüße aus Köln, schöne Tage".encode("latin-1"),
            "Viele Grüße aus Köln, schöne Tage",
        ),
        (b"Content-Type: text/plain; charset=us-ascii", "Grüße".encode(), "Grüße"),
        (b"Content-Type: text/plain\nContent-Transfer-Encoding: base64", b"R3LDvMOfZQ==", "Grüße"),
        (b"Content-Type: text/plain\nContent-Transfer-Encoding: base64", b"R3LDvMOfZQ", "Grüße"),
        (b"Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable", b"Gr=C3=BC=C3=9Fe =", "Grüße"),
        (b"Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable", b"100 = 100", "100 = 100"),
        (b"Content-Type: text/plain\nContent-Transfer-Encoding: no-such", b"as it is", "as it is"),
        (
            b"Content-Type: text/plain; charset=undefined",
            "Viele Grüße aus Köln, schöne Tage".encode("latin-1"),
            "Viele Grüße aus Köln, schöne Tage",
        ),
        (b"Content-Type: nonsense", b"as it is", "as it is"),
        (b"Content-Type: multipart/mixed", b"no boundary", "no boundary"),
    ],
)
def test_broken_encodings_survive(read: Read, header: bytes, content: bytes, text: str) -> None:
    assert texts(read("a.eml", b"Subject: x\n" + header + b"\n\n" + content))[-1] == text


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        (b"=?utf-8?B?R3LDvMOfZQ==?= an alle", "Grüße an alle"),
        (b"=?iso-8859-1?Q?Gr=FC=DFe?=", "Grüße"),
        (b"=?x-unknown?Q?abc?=", "abc"),
        (b"one\n two", "one two"),
        ("Grüße".encode(), None),
        (b"=?utf-8?B?R3?= =?utf-8?Q?", None),
    ],
)
def test_subjects_are_decoded_and_never_break_a_mail(read: Read, raw: bytes, subject: str | None) -> None:
    extraction = read("a.eml", b"From: x@y\nSubject: " + raw + b"\n\nHi")

    assert texts(extraction)[-1] == "Hi"
    assert subject is None or extraction.title == subject


def test_a_date_or_address_that_is_none_stays_as_it_is(read: Read) -> None:
    extraction = read("a.eml", b"From: somebody (((\nTo: \nDate: yesterday\nSubject: x\n\nHi")

    assert extraction.metadata["date"] == "yesterday"
    assert "somebody" in str(extraction.metadata["from"])


def test_attachments_and_messages_inside_become_members(read: Read, unpack: Callable[[bytes], Unpacked]) -> None:
    message = mail()
    for name in ("../../etc/passwd", "Übersicht.csv", "Übersicht.csv", "a\u202efdp.exe"):
        message.add_attachment(b"a,b", maintype="text", subtype="csv", filename=name)
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf")
    message.add_attachment(mail("Inner text.", Subject="In/ner"))

    extraction, files = read("a.eml", message.as_bytes()), unpack(message.as_bytes())

    assert list(files) == ["passwd", "Übersicht.csv", "Übersicht (2).csv", "afdp.exe", "attachment.pdf", "In-ner.eml"]
    assert list(extraction.members) == list(files)
    assert files["passwd"] == b"a,b"
    assert b"Inner text." in files["In-ner.eml"]
    assert "Inner" not in "".join(texts(extraction))


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height)


def test_small_pictures_within_the_text_are_left_out(unpack: Callable[[bytes], Unpacked]) -> None:
    message = mail(None)
    message.set_content("<img src='cid:a'>Text", subtype="html")
    for name, size in (("pixel.png", (1, 1)), ("line.png", (600, 2)), ("photo.png", (640, 480))):
        message.add_related(png(*size), maintype="image", subtype="png", cid=f"<{name}>", filename=name, disposition="inline")
    message.make_mixed()
    message.add_attachment(png(16, 16), maintype="image", subtype="png", filename="icon.png")

    assert list(unpack(message.as_bytes())) == ["photo.png", "icon.png"]


@pytest.mark.parametrize("name", ["PNG", "GIF", "JPEG"])
def test_the_size_of_a_picture_is_read_from_its_start(tmp_path: Path, name: str) -> None:
    from PIL import Image

    Image.new("RGB", (70, 30)).save(tmp_path / "a", name)
    content = (tmp_path / "a").read_bytes()

    assert picture_size(content) == (70, 30)
    assert picture_size(content[:9]) is None


def test_what_is_no_picture_has_no_size() -> None:
    assert picture_size(b"BM" + bytes(100)) is None


def test_signatures_of_programs_are_no_members_and_reports_are_text_files(unpack: Callable[[bytes], Unpacked]) -> None:
    content = (
        b"Subject: x\nContent-Type: multipart/signed; boundary=b\n\n--b\n\nHi\n--b\nContent-Type: application/pgp-signature\n\nabc\n"
        b"--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: a@b\nStatus: 5.0.0\n\n--b--\n"
    )

    files = unpack(content)

    assert list(files) == ["delivery-status.txt"]
    assert b"Status: 5.0.0" in files["delivery-status.txt"]


def test_a_mail_of_nothing_but_an_attachment_is_read(read: Read) -> None:
    extraction = read("a.eml", b"Subject: x\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n\nJVBERi0=\n")

    assert texts(extraction) == ["x"]
    assert list(extraction.members) == ["attachment.pdf"]


def test_a_mail_without_anything_is_empty(read: Read) -> None:
    with pytest.raises(EmptyDocumentError):
        read("a.eml", b"X-Mailer: x\n\n")


def nested(depth: int) -> bytes:
    opened = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (number, number) for number in range(depth))
    return b"Subject: x\n" + opened + b"\nInnermost\n"


def test_parts_that_are_too_many_or_too_deep_are_left_out_and_counted(read: Read) -> None:
    many = b"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\npart\n" * (MAX_PARTS + 9)

    assert texts(read("a.eml", nested(MAX_DEPTH)))[-1] == "Innermost"
    deep = read("a.eml", nested(MAX_DEPTH + 1))
    assert texts(deep) == ["x"]
    assert "1 parts" in deep.warnings[0]
    assert "10 parts" in read("a.eml", many).warnings[0]


def test_a_bomb_of_nested_parts_is_refused(read: Read) -> None:
    with pytest.raises(ExtractionLimitError, match="nested"):
        read("a.eml", nested(1100))


def test_long_headers_are_cut_with_a_warning(read: Read) -> None:
    extraction = read("a.eml", b"Subject: x\nTo: " + b", ".join(b"user%d@example.org" % number for number in range(5000)) + b"\n\nHi")

    assert f"first {MAX_HEADER_CHARACTERS} characters were read of the headers To" in extraction.warnings[0]
    assert texts(extraction)[-1] == "Hi"


def test_a_message_too_large_to_take_apart_is_refused(write: Write) -> None:
    file = write("a.eml", b"Subject: x\n\n")
    os.truncate(file, MAX_BYTES + 1)

    with pytest.raises(ExtractionLimitError, match="at most"):
        MailFormat().extract(file, "a.eml", "message/rfc822")


def test_a_message_inside_that_cannot_be_written_out_is_refused_alone(read: Read) -> None:
    content = (
        b"Subject: x\nContent-Type: multipart/mixed; boundary=a\n\n--a\n\nHi\n--a\nContent-Type: message/rfc822\n\n"
        b'Content-Type: multipart/mixed; boundary="b\xff"\n\n--b\xff\n\ntext\n--b\xff--\n--a--\n'
    )

    extraction = read("a.eml", content)

    assert texts(extraction)[-1] == "Hi"
    assert "cannot be written out" in extraction.warnings[0]


@given(
    st.binary(max_size=200),
    st.sampled_from(["From", "To", "Date", "Content-Type", "Content-Disposition", "Content-Transfer-Encoding", "Subject"]),
)
@example(b"text/plain; charset*=", "Content-Type")
@example(b"attachment; filename*0*=utf-8''%ff; filename*1=x", "Content-Disposition")
@example(b"=?utf-8?q?=?= <@>,:;", "From")
@example(b"(" * 5000, "To")
@example(b"message/rfc822", "Content-Type")
@example(b'multipart/mixed; boundary=""', "Content-Type")
def test_file_18_no_header_breaks_a_mail(tmp_path_factory: pytest.TempPathFactory, value: bytes, name: str) -> None:
    file = tmp_path_factory.getbasetemp() / "mail"
    part = name.encode() + b": " + value.replace(b"\n", b"\n ") + b"\n"
    file.write_bytes(part + b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n" + part + b"\ntext\n--b--\n")

    extraction = MailFormat().extract(file, "a.eml", "message/rfc822")

    assert extraction.media_type == "message/rfc822"


MAILBOX = b"".join(
    b"From a@b.org Mon Mar  2 10:00:0%d 2026\nSubject: Number %d\nFrom: Ada <a@b.org>\n\n>From here on\n>>From there\n\nFrom within\n\n"
    % (n, n)
    for n in range(3)
)


def test_a_mailbox_lists_its_messages_and_gives_them_out(read: Read, write: Write, tmp_path: Path) -> None:
    extraction = read("a.mbox", MAILBOX)
    members = MailboxFormat().unpack(write("a.mbox", MAILBOX), "a.mbox", "application/mbox", tmp_path)

    assert texts(extraction) == ["\n".join(f"- Ada <a@b.org> · Number {number}" for number in range(3))]
    assert list(extraction.members) == [member.path for member in members] == ["00001.eml", "00002.eml", "00003.eml"]
    assert Path(members[1].file).read_bytes() == b"Subject: Number 1\nFrom: Ada <a@b.org>\n\nFrom here on\n>From there\n\nFrom within\n\n"


def test_a_mailbox_without_a_message_is_corrupt(read: Read) -> None:
    with pytest.raises(CorruptFileError):
        read("a.mbox", b"From here on it is text\nand no message")


def test_what_python_writes_can_be_read_again(read: Read) -> None:
    message = mail("Zeile eins mit Umlauten: äöü\n" * 3)
    message.add_alternative("<p>x</p>", subtype="html")

    for written in (message.as_bytes(), message.as_bytes(policy=policy.SMTP)):
        assert "Zeile eins mit Umlauten: äöü" in texts(read("a.eml", written))[-1]
