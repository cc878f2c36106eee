"""Stage 2: a 16k Unigram vocabulary, and the Hugging Face tokenizer.json that the product reads."""

import os
import random

import numpy as np
from corpus import normalise
from places import Places, say, write_json
from unigram import Unigram

PAD, UNK, CLS, SEP, MASK = range(5)
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SIZE = 16_000
SAMPLE_LINES = 250_000
LONGEST = 128


def train_vocabulary(places: Places) -> None:
    """Sentencepiece only finds the pieces; normalisation is ours, so that tokenizer.json can repeat it exactly."""
    target = places.at("vocabulary.model")
    if target.exists():
        return
    import sentencepiece  # only here and in write_tokenizer: training on a GPU machine does without

    lines = places.at("corpus.txt").read_text(encoding="utf-8").splitlines()
    sample = random.Random(2).sample(lines, min(SAMPLE_LINES, len(lines)))
    say("vocabulary from", len(sample), "lines")
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sample), model_prefix=str(target.with_suffix("")) + ".part", model_type="unigram",
        vocab_size=SIZE, character_coverage=0.9995, normalization_rule_name="identity", split_digits=True,
        pad_id=PAD, unk_id=UNK, bos_id=CLS, eos_id=SEP, pad_piece="[PAD]", unk_piece="[UNK]", bos_piece="[CLS]",
        eos_piece="[SEP]", control_symbols=["[MASK]"], max_sentence_length=8000, num_threads=2, minloglevel=1,
    )
    os.replace(str(target.with_suffix("")) + ".part.model", target)


def encode(vocabulary: Unigram, texts: list[str], longest: int = LONGEST) -> list[list[int]]:
    """Raw texts to [CLS] pieces [SEP], cut at `longest` ids."""
    pieces = vocabulary.encode([normalise(text) for text in texts])
    return [[CLS, *ids[: longest - 2], SEP] for ids in pieces]


def pad(rows: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Rows of ids to ids[batch, length] and mask[batch, length], both int64."""
    length = max(map(len, rows))
    ids = np.full((len(rows), length), PAD, np.int64)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = row
    return ids, (ids != PAD).astype(np.int64)


def load_vocabulary(places: Places) -> Unigram:
    return Unigram(places.at("tokenizer.json"))


def word_starts(vocabulary: Unigram) -> np.ndarray:
    """[vocabulary] bool: a piece that begins a word (blank in front) or is punctuation, hence its own word."""
    return np.array([p.startswith("\u2581") or not p[0].isalnum() for p in vocabulary.pieces])


def tokenizer_json(vocab: list[tuple[str, float]]) -> dict:
    """The tokenizer as Hugging Face writes it. `vocab` is (piece, log probability), special tokens first."""
    special = [{"id": at, "content": name, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
                "special": True} for at, name in enumerate(SPECIAL)]
    single = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
              {"SpecialToken": {"id": "[SEP]", "type_id": 0}}]
    pair = single + [{"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}]
    normalizers = [{"type": "NFKC"}, {"type": "Lowercase"},
                   {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "},
                   {"type": "Strip", "strip_left": True, "strip_right": True}]
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": special,
        "normalizer": {"type": "Sequence", "normalizers": normalizers},
        "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True},
        "post_processor": {"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": {
            name: {"id": name, "ids": [at], "tokens": [name]} for at, name in ((CLS, "[CLS]"), (SEP, "[SEP]"))}},
        "decoder": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True},
        "model": {"type": "Unigram", "unk_id": UNK, "vocab": [list(entry) for entry in vocab], "byte_fallback": False},
    }


def write_tokenizer(places: Places) -> None:
    import sentencepiece

    vocabulary = sentencepiece.SentencePieceProcessor(model_file=str(places.at("vocabulary.model")))
    vocab = [(vocabulary.id_to_piece(i), vocabulary.get_score(i)) for i in range(vocabulary.get_piece_size())]
    write_json(places.at("tokenizer.json"), tokenizer_json(vocab))


def tokenize_corpus(places: Places) -> None:
    """corpus.npz: all ids in one uint16 array and the offset of each paragraph; LONGEST - 2 ids a row at most."""
    target = places.at("corpus.npz")
    if target.exists():
        return
    vocabulary = load_vocabulary(places)
    chunks: list[np.ndarray] = []
    with open(places.at("corpus.txt"), encoding="utf-8") as lines:
        while block := [line for _, line in zip(range(50_000), lines)]:
            for ids in vocabulary.encode([line.strip() for line in block]):
                step = LONGEST - 2
                chunks += [np.array(ids[at : at + step], np.uint16) for at in range(0, len(ids), step)]
    chunks = [chunk for chunk in chunks if len(chunk) >= 6]
    offsets = np.cumsum([0] + [len(chunk) for chunk in chunks])
    with open(target.with_suffix(".part"), "wb") as out:
        np.savez_compressed(out, ids=np.concatenate(chunks), offsets=offsets.astype(np.int64))
    target.with_suffix(".part").rename(target)
    say("corpus rows", len(chunks), "tokens", int(offsets[-1]))
