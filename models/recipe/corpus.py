"""Stage 1: the corpus without anything that is tested, as normalised lines ready for the vocabulary and the encoder."""

import hashlib
import json
import lzma
import random
import re
import unicodedata

from leaks import OWN_FOLDERS, LeakCheck, held_out_repositories, test_texts, words_of
from places import HERE, Places, read_jsonl, say, write_json

BLANKS = re.compile(r"\s+")
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=\w)")
# Reference pages of three programming interfaces are almost half of the corpus and say the same thing over and over.
THINNED = {"MicrosoftDocs/win32": 0.2, "MicrosoftDocs/windows-driver-docs": 0.25, "MicrosoftDocs/cpp-docs": 0.3}
STATEMENT_COPIES = 3
# File of `data/labels` whose rows are sentences of the corpus -> source, under which they are scored.
LABELLED_SENTENCES = {"corpus": "documents", "unsure": "unsure"}


def normalise(text: str) -> str:
    """Exactly what the normalizer of tokenizer.json does: NFKC, lower case, single blanks."""
    return BLANKS.sub(" ", unicodedata.normalize("NFKC", text).lower()).strip()


def synthetic_rows() -> list[dict]:
    """This project's own statements; `domain` is the group."""
    return [row for folder in OWN_FOLDERS for path in sorted((HERE / "data" / folder).glob("*.jsonl")) for row in read_jsonl(path)]


def corpus_lines(places: Places):
    """Yields (repository, normalised paragraph): thinned, held-out repositories and near-duplicates of tests left out."""
    held_out, check, rng = held_out_repositories(places), LeakCheck(test_texts(places)), random.Random(1)
    kept = leaked = 0
    with lzma.open(places.corpus / "technical-docs.jsonl.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["r"] in held_out or rng.random() > THINNED.get(row["r"], 1.0) or len(row["t"]) < 25:
                continue
            if check.leaks(row["t"]):
                leaked += 1
                continue
            kept += 1
            yield row["r"], normalise(row["t"])
    say("corpus paragraphs kept", kept, "dropped as near-duplicates of tests", leaked)


def prepare(places: Places) -> None:
    """Writes corpus.txt, one paragraph a line, and the project's own statements (several copies: they are few)."""
    target = places.at("corpus.txt")
    if target.exists():
        return
    check = LeakCheck(test_texts(places))
    part = target.with_suffix(".part")
    with open(part, "w", encoding="utf-8") as out:
        for _, text in corpus_lines(places):
            out.write(text + "\n")
        own = [normalise(row["text"]) for row in synthetic_rows() if not check.leaks(row["text"])]
        for text in own * STATEMENT_COPIES:
            out.write(text + "\n")
    part.rename(target)
    say("own statements", len(own))


def sentence_id(sentence: str) -> str:
    """By which `data/labels/corpus.jsonl` names a sentence without quoting it."""
    return hashlib.sha256(" ".join(words_of(sentence)).encode()).hexdigest()[:16]


def labelled_sentences(places: Places) -> list[dict]:
    """Sentences of the corpus that this project labelled: repository, text, label, label2 and the file of `data/labels` that
    names them. Kept in --work after the first search."""
    files = [HERE / "data" / "labels" / f"{name}.jsonl" for name in LABELLED_SENTENCES]
    labels = {row["id"]: row for file in files for row in read_jsonl(file)}
    stored = places.at("labelled-sentences.json")
    if stored.exists() and all(stored.stat().st_mtime > file.stat().st_mtime for file in files):
        return json.loads(stored.read_text(encoding="utf-8"))
    found = {}
    for repository, paragraph in corpus_lines(places):
        for sentence in SENTENCE.split(paragraph):
            label = labels.get(sentence_id(sentence))
            if label is not None:
                found[label["id"]] = {"repository": repository, "text": sentence, **label}
    say("labelled sentences found in the corpus", len(found), "of", len(labels))
    write_json(stored, list(found.values()))
    return list(found.values())
