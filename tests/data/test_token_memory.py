"""A remembered token is the one that would be made; what finds no place is made anew."""

from __future__ import annotations

import hashlib
import hmac
import random

import numpy as np

from data.ingest.pseudonym import make_tokens
from data.ingest.token_memory import TokenMemory

KEY = (b"\x36" * 64, b"\x5c" * 64)


def test_tokens_are_the_same_however_often_and_in_whatever_company_they_are_asked_for() -> None:
    memory = TokenMemory(KEY, b"resident:", places=64)  # fewer places than people
    people = [10**16 + number * 7919 for number in range(100)]
    chance = random.Random(7)
    for _ in range(20):
        asked = np.array([chance.choice(people) for _ in range(60)], np.int64)
        texts = np.array([f"{body}X".encode() for body in asked])
        high, low = memory.find(asked, texts)
        made = make_tokens(texts.tolist(), KEY, b"resident:")
        assert (high.tolist(), low.tolist()) == (made[0].tolist(), made[1].tolist())


def test_a_token_is_the_keyed_hash_of_the_document() -> None:
    padded = (b"k" * 32).ljust(64, b"\0")
    key = bytes(byte ^ 0x36 for byte in padded), bytes(byte ^ 0x5C for byte in padded)
    high, low = make_tokens([b"990421197407301302", b""], key, b"resident:")
    for number, text in enumerate((b"resident:990421197407301302", b"resident:")):
        expected = hmac.new(b"k" * 32, text, hashlib.sha256).digest()[:16]
        assert int(high[number]).to_bytes(8, "big") + int(low[number]).to_bytes(8, "big") == expected


def test_a_token_is_made_once(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    made: list[bytes] = []

    def count(texts: list[bytes], key: object, prefix: bytes) -> tuple[np.ndarray, np.ndarray]:
        made.extend(texts)
        return make_tokens(texts, KEY, prefix)

    monkeypatch.setattr("data.ingest.token_memory.make_tokens", count)
    memory = TokenMemory(KEY, b"resident:")
    bodies = np.array([11111111111111111, 22222222222222222, 11111111111111111])
    for _ in range(2):
        memory.find(bodies, np.array([b"a", b"b", b"a"]))
    assert sorted(made) == [b"a", b"b"]
