"""From ``qwen.tiktoken`` to a fast tokenizer, once per machine.

In: the checkpoint's vocabulary file (151,643 lines of base64 and rank; LF or CRLF).
Out: the path of an equivalent ``tokenizer.json`` in the user's cache.

Converting takes seconds, reading the result less than one: the result is kept under the file's SHA-256 and
written atomically, so that processes starting together never read half a file.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

from visual_agent.engines.qwen_vl.specials import CONTROL_TOKENS
from visual_agent.errors import ModelMismatch

FORMAT_VERSION = 1
"""Part of the cached file's name: raise it when the conversion changes."""

PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""How text falls into words: as OpenAI's cl100k, but each digit alone."""


def cache_folder() -> Path:
    """Where converted tokenizers are kept: ``$XDG_CACHE_HOME`` (or ``~/.cache``) ``/visual_agent/tokenizers``."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "visual_agent" / "tokenizers"


def read_ranks(path: Path) -> dict[bytes, int]:
    """Reads a tiktoken vocabulary.

    Args:
        path: The file.

    Returns:
        Rank of each byte string.

    Raises:
        ModelMismatch: If the file is cut short or not a tiktoken vocabulary.
    """
    ranks: dict[bytes, int] = {}
    for number, line in enumerate(path.read_bytes().split(), start=1):
        if number % 2:
            word = line
            continue
        try:
            ranks[base64.b64decode(word, validate=True)] = int(line)
        except (binascii.Error, ValueError) as error:
            raise ModelMismatch(
                f"{path} is no tiktoken vocabulary (entry {number // 2}); download qwen.tiktoken again."
            ) from error
    if sorted(ranks.values()) != list(range(len(ranks))) or len(ranks) < 256:
        raise ModelMismatch(f"{path} is incomplete ({len(ranks)} ranks); download qwen.tiktoken again.")
    return ranks


def build_tokenizer(ranks: dict[bytes, int]) -> Any:
    """Builds the fast tokenizer.

    Byte-pair encoding by rank is written as merges: every way to split a word into two known words is a merge
    with that word's rank.

    Args:
        ranks: Rank of each byte string.

    Returns:
        A ``tokenizers.Tokenizer`` with NFC, the word pattern, the byte-level model and all control tokens.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    letters = bytes_to_unicode()
    written = {word: "".join(map(letters.__getitem__, word)) for word in ranks}
    merges: list[tuple[str, str]] = []
    for word in sorted(ranks, key=ranks.__getitem__):
        halves = ((word[:cut], word[cut:]) for cut in range(1, len(word)))
        known = [(a, b) for a, b in halves if a in ranks and b in ranks]
        known.sort(key=lambda pair: (ranks[pair[0]], ranks[pair[1]]))
        merges.extend((written[a], written[b]) for a, b in known)
    vocabulary = {written[word]: rank for word, rank in ranks.items()}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, fuse_unk=False, ignore_merges=True))
    tokenizer.normalizer = normalizers.NFC()
    split = pre_tokenizers.Split(Regex(PATTERN), behavior="isolated", invert=False)
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, level])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in CONTROL_TOKENS])
    return tokenizer


def converted(vocabulary: Path, folder: Path | None = None) -> Path:
    """Gives the ``tokenizer.json`` of a vocabulary, converting it if this machine never did.

    Args:
        vocabulary: ``qwen.tiktoken``.
        folder: Where to keep it; by default `cache_folder`, or the system's temporary folder where that is not
            writable.

    Returns:
        Path of the converted file.

    Raises:
        ModelMismatch: If the vocabulary cannot be read.
    """
    digest = hashlib.sha256(vocabulary.read_bytes()).hexdigest()
    name = f"qwen-{digest[:32]}-v{FORMAT_VERSION}.json"
    folders = [folder] if folder else [cache_folder(), Path(tempfile.gettempdir()) / "visual_agent_tokenizers"]
    for candidate in folders:
        if (candidate / name).is_file():
            return candidate / name
    text = build_tokenizer(read_ranks(vocabulary)).to_str()
    for candidate in folders[:-1]:
        try:
            return _write(candidate / name, text)
        except OSError:
            continue  # a read-only home: the last folder decides
    return _write(folders[-1] / name, text)


def _write(path: Path, text: str) -> Path:
    """Writes a file so that others see it whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, suffix=".part", delete=False) as handle:
        handle.write(text)
    Path(handle.name).replace(path)
    return path
