"""What is tested must be in no training stage: held-out repositories, test texts, and near-duplicates of either.

A text is a near-duplicate of a test text when the two are equal after normalisation (case, punctuation, blanks),
when they share a run of eight words, or when it says the same in other words: the rarer a common word is, the more it counts.
"""

import argparse
import json
import math
import random
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable

from places import HERE, Places, add_places, places_of, read_jsonl, write_json

RUN = 8
SAME_WORDS = 0.35
# Words of more test texts than this do not by themselves make a comparison worth its time; in a comparison they count.
TELLING = 1500
EMPTY_WORDS = frozenset("the a an of to in and or for shall will must should be is are by with on that this it its as at from can "
                        "system product application software user users".split())
HELD_OUT_SHARE = 0.17
HELD_OUT_SEED = 11
NEVER_IN_BASE = ["promise_nfr", "promise_nice", "promise_reclass", "func_concerns", "secreq"]
OWN_FOLDERS = ["synthetic", "written"]
WORD = re.compile(r"[^\W_]+")


def words_of(text: str) -> list[str]:
    return WORD.findall(unicodedata.normalize("NFKC", text).lower())


class Paraphrases:
    """Test texts by their words: the weighted share of words in common (Jaccard, inverse document frequencies as weights)."""

    def __init__(self, texts: list[list[str]]) -> None:
        self.rows = [frozenset(words) - EMPTY_WORDS for words in texts]
        counts = Counter(word for row in self.rows for word in row)
        self.weights = {word: math.log((len(self.rows) + 1) / (count + 1)) + 0.2 for word, count in counts.items()}
        self.unknown = math.log(len(self.rows) + 1) + 0.2
        self.totals = [sum(self.weights[word] for word in row) for row in self.rows]
        self.where = defaultdict(list)
        for at, row in enumerate(self.rows):
            for word in row:
                self.where[word].append(at)

    def nearest(self, words: list[str]) -> float:
        """0 (nothing in common with any test text) to 1 (the words of one)."""
        own, common = frozenset(words) - EMPTY_WORDS, Counter()
        total = sum(self.weights.get(word, self.unknown) for word in own)
        for word in own:
            places = self.where.get(word, ())
            if len(places) <= TELLING:
                for at in places:
                    common[at] += self.weights[word]
        return max((self.overlap(own, total, at) for at, _ in common.most_common(10)), default=0.0)

    def overlap(self, own: frozenset[str], total: float, at: int) -> float:
        both = sum(self.weights[word] for word in own & self.rows[at])
        return both / (total + self.totals[at] - both)


class LeakCheck:
    """Test texts, indexed by their normalised form, by every run of eight words, and by their words."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.whole: set[str] = set()
        self.runs: set[int] = set()
        rows = [words_of(text) for text in texts]
        for words in rows:
            self.whole.add(" ".join(words))
            self.runs.update(hash(tuple(words[i : i + RUN])) for i in range(len(words) - RUN + 1))
        self.paraphrases = Paraphrases(rows)

    def leaks(self, text: str) -> bool:
        words = words_of(text)
        if " ".join(words) in self.whole:
            return True
        return any(hash(tuple(words[i : i + RUN])) in self.runs for i in range(len(words) - RUN + 1))

    def paraphrases_a_test(self, text: str, share: float = SAME_WORDS) -> bool:
        """For labelled rows only: a paragraph of the corpus shares few of its many words with any statement."""
        return self.paraphrases.nearest(words_of(text)) >= share


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
    return [f"{path.name}: {row['text']}" for folder in OWN_FOLDERS for path in sorted((HERE / "data" / folder).glob("*.jsonl"))
            for row in read_jsonl(path) if check.leaks(row["text"])]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_places(parser)
    found = own_leaks(places_of(parser.parse_args()))
    print("\n".join(found), f"{len(found)} near-duplicates of test texts", sep="\n")
