"""Reads tokenizer.json and encodes with it: needs no sentencepiece, so a machine with only PyTorch can train."""

import json
import math
import pathlib

UNKNOWN_PENALTY = 10.0


class Unigram:
    """Best segmentation of each word by the sum of log probabilities; words are looked up once."""

    def __init__(self, path: pathlib.Path) -> None:
        model = json.loads(path.read_text(encoding="utf-8"))["model"]
        self.pieces = [piece for piece, _ in model["vocab"]]
        self.unknown = model["unk_id"]
        self.scores = {piece: (at, score) for at, (piece, score) in enumerate(model["vocab"]) if at > 4}
        self.longest = max(map(len, self.scores))
        self.unknown_score = min(score for _, score in self.scores.values()) - UNKNOWN_PENALTY
        self.words: dict[str, list[int]] = {}

    def encode(self, texts: list[str]) -> list[list[int]]:
        """Normalised texts (corpus.normalise) to ids without [CLS] and [SEP]."""
        return [[at for word in text.split(" ") if word for at in self.word(word)] for text in texts]

    def word(self, word: str) -> list[int]:
        if word not in self.words:
            self.words[word] = self.segment("\u2581" + word)
        return self.words[word]

    def segment(self, text: str) -> list[int]:
        """Viterbi over end positions; runs of unknown characters become one [UNK]."""
        best: list[tuple[float, int, int]] = [(0.0, 0, -1)] + [(-math.inf, 0, -1)] * len(text)
        for end in range(1, len(text) + 1):
            for start in range(max(0, end - self.longest), end):
                at, score = self.scores.get(text[start:end], (-1, 0.0))
                if at < 0:
                    if end - start > 1:
                        continue
                    at, score = self.unknown, self.unknown_score
                if best[start][0] + score > best[end][0]:
                    best[end] = (best[start][0] + score, start, at)
        ids: list[int] = []
        end = len(text)
        while end:
            _, end, at = best[end]
            if not (at == self.unknown and ids and ids[-1] == self.unknown):
                ids.append(at)
        return ids[::-1]
