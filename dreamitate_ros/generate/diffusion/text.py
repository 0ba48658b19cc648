"""From the prompt to the vector of cross-attention, as OpenCLIP does it."""

import html
import json
from importlib.resources import files

import torch
from torch import Tensor
from transformers import CLIPTextModelWithProjection, CLIPTokenizer

LENGTH = 77
"""Tokens of every prompt: start, words, end, then zeros; a longer prompt is cut."""

VOCABULARY = "clip_merges.json"


def clip_tokenizer() -> CLIPTokenizer:
    """CLIP's tokenizer from the merges shipped with this package; nothing is downloaded."""
    content = json.loads(files(__package__).joinpath(VOCABULARY).read_text(encoding="utf-8"))
    merges = [tuple(merge.split()) for merge in content["merges"]]
    letters = list(_byte_letters().values())
    words = letters + [letter + "</w>" for letter in letters] + ["".join(merge) for merge in merges]
    words += ["<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={word: number for number, word in enumerate(words)}, merges=merges)


def token_ids(tokenizer: CLIPTokenizer, prompts: list[str]) -> Tensor:
    """(N, 77) int64 tokens. OpenCLIP fills up with zeros, which no tokenizer of transformers does by itself."""
    readable = [html.unescape(html.unescape(prompt)).strip() for prompt in prompts]  # as OpenCLIP cleans them
    encoded = tokenizer(readable, truncation=True, max_length=LENGTH)["input_ids"]
    ids = torch.zeros(len(prompts), LENGTH, dtype=torch.int64)
    for row, tokens in zip(ids, encoded, strict=True):
        row[: len(tokens)] = torch.tensor(tokens)
    return ids


def embed_tokens(encoder: CLIPTextModelWithProjection, ids: Tensor) -> Tensor:
    """(N, 1, D) vectors of cross-attention: the end token's output, projected, not normalised. ids: (N, 77)."""
    embedded: Tensor = encoder(input_ids=ids).text_embeds
    return embedded[:, None]


def _byte_letters() -> dict[int, str]:
    """CLIP writes each byte as one printable letter: itself where printable, else one from 256 on."""
    printable = [
        *range(ord("!"), ord("~") + 1),
        *range(ord("¡"), ord("¬") + 1),
        *range(ord("®"), ord("ÿ") + 1),
    ]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + n) for n, byte in enumerate(others)}
