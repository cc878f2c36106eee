"""What is tested must be in no training stage: held-out repositories, test texts, and near-duplicates of either.

A text is a near-duplicate of a test text when the two are equal after normalisation (case, punctuation, blanks)
or when they share a run of eight words.
"""

import argparse
import json
import random
import re
import unicodedata
from collections.abc import Iterable

from places import HERE, Places, add_places, places_of, read_jsonl, write_json

RUN = 8
HELD_OUT_SHARE = 0.17
HELD_OUT_SEED = 11
NEVER_IN_BASE = ["promise_nfr", "promise_nice", "promise_reclass", "func_concerns", "secreq"]
WORD = re.compile(r"[^\W_]+")


def words_of(text: str) -> list[str]:
    return WORD.findall(unicodedata.normalize("NFKC", text).lower())


class LeakCheck:
    """Test texts, indexed by their normalised form and by every run of eight words."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.whole: set[str] = set()
        self.runs: set[int] = set()
        for text in texts:
            words = words_of(text)
            self.whole.add(" ".join(words))
            self.runs.update(hash(tuple(words[i : i + RUN])) for i in range(len(words) - RUN + 1))

    def leaks(self, text: str) -> bool:
        words = words_of(text)
        if " ".join(words) in self.whole:
            return True
        return any(hash(tuple(words[i : i + RUN])) in self.runs for i in range(len(words) - RUN + 1))


def held_out_repositories(places: Places) -> set[str]:
    """One fixed choice, written to heldout.json by the first run and read from there ever after."""
    path = HERE / "heldout.json"
    if not path.exists():
        write_json(path, choose_held_out(places))
    return set(json.loads(path.read_text(encoding="utf-8"))["repositories"])


def choose_held_out(places: Places) -> dict:
    """Whole repositories in seeded order until they hold the wanted share of the labelled rows."""
    rows = read_jsonl(places.data / "documents_labelled.jsonl")
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["project"]] = counts.get(row["project"], 0) + 1
    order = sorted(name for name, count in counts.items() if count >= 400)
    random.Random(HELD_OUT_SEED).shuffle(order)
    chosen: list[str] = []
    while sum(counts[name] for name in chosen) < HELD_OUT_SHARE * len(rows):
        chosen.append(order.pop())
    total = sum(counts[name] for name in chosen)
    return {"seed": HELD_OUT_SEED, "rows": total, "of": len(rows), "repositories": sorted(chosen)}


def test_texts(places: Places) -> list[str]:
    """Everything that some reported number is measured on: PROMISE and its copies, SecReq, held-out repositories."""
    texts = [row["text"] for name in NEVER_IN_BASE for row in read_jsonl(places.data / f"{name}.jsonl")]
    texts += [row["text"] for row in read_jsonl(places.data / "fr_nfr.jsonl") if row.get("in_promise")]
    held_out = held_out_repositories(places)
    texts += [row["text"] for row in read_jsonl(places.data / "documents_labelled.jsonl") if row["project"] in held_out]
    return texts


def own_leaks(places: Places) -> list[str]:
    """`file: text` of each of our own statements that is a near-duplicate of something tested."""
    check = LeakCheck(test_texts(places))
    return [f"{path.name}: {row['text']}" for path in sorted((HERE / "data").rglob("*.jsonl"))
            for row in read_jsonl(path) if check.leaks(row["text"])]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_places(parser)
    found = own_leaks(places_of(parser.parse_args()))
    print("\n".join(found), f"{len(found)} near-duplicates of test texts", sep="\n")
