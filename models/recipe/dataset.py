"""The labelled sets as one list of rows with a target over 13 classes, a weight and a group; tests left out.

Two kinds of target: a distribution (cross-entropy), or a set of classes of which one is right (F or not, security or
not: the loss is minus the log of the set's total probability).
"""

import random
import re
from dataclasses import dataclass

import numpy as np

from corpus import synthetic_rows
from leaks import LeakCheck, held_out_repositories, test_texts, words_of
from places import CODES, Places, read_jsonl

SECOND_LABEL_SHARE = 0.25
TEACHER_WEIGHT = 0.5
PLACE = {code: at for at, code in enumerate(CODES)}


@dataclass(frozen=True)
class Row:
    text: str
    target: np.ndarray
    is_set: bool
    weight: float
    group: str
    source: str

    @property
    def label(self) -> int:
        return int(self.target.argmax())


def one_label(label: str, second: str | None = None) -> np.ndarray:
    target = np.zeros(len(CODES), np.float32)
    target[PLACE[label]] = 1.0
    if second in PLACE and second != label:
        target[PLACE[label]], target[PLACE[second]] = 1 - SECOND_LABEL_SHARE, SECOND_LABEL_SHARE
    return target


def one_of(codes: set[str]) -> np.ndarray:
    return np.array([1.0 if code in codes else 0.0 for code in CODES], np.float32)


def own_rows() -> list[Row]:
    """This project's statements; second labels soften the target."""
    return [Row(r["text"], one_label(r["label"], r.get("label2")), False, 1.0, f"own:{r['domain']}", "own")
            for r in synthetic_rows()]


def document_rows(places: Places, held_out: bool) -> list[Row]:
    """The second part (ids doc2-) is mostly none and F: those rows count less, or they drown the other classes."""
    test, rows = held_out_repositories(places), []
    for r in read_jsonl(places.data / "documents_labelled.jsonl"):
        if (r["project"] in test) != held_out:
            continue
        common = r["id"].startswith("doc2-") and r["label"] in ("none", "F")
        target = one_label(r["label"], r.get("label2"))
        rows.append(Row(r["text"], target, False, 0.4 if common else 1.0, f"doc:{r['project']}", "documents"))
    return rows


def public_rows(places: Places) -> list[Row]:
    rows = [Row(r["text"], one_label(r["label"]), False, 2.0, f"exp:{r['project']}", "exp")
            for r in read_jsonl(places.data / "promise_exp_new_projects.jsonl")]
    rows += [Row(r["text"], one_label(r["label"]), False, 0.3, f"plus:{r['project']}", "plus")
             for r in read_jsonl(places.data / "promise_plus_noisy.jsonl") if not r.get("suspect")]
    quality = set(CODES) - {"F", "none"}
    for at, r in enumerate(read_jsonl(places.data / "fr_nfr.jsonl")):
        if not r.get("in_promise"):
            target = one_of({"F"} if r["label"] == "F" else quality)
            rows.append(Row(r["text"], target, True, 0.5, f"fr:{at % 10}", "fr_nfr"))
    for r in read_jsonl(places.data / "health_security.jsonl"):
        target = one_of({"SE"} if "security" in r["label"] else set(CODES) - {"SE"})
        rows.append(Row(r["text"], target, True, 0.4, f"health:{r['project']}", "health"))
    return rows


def training_rows(places: Places) -> list[Row]:
    """Everything the base may learn from, each normalised text once (the first source wins)."""
    check, seen, kept = LeakCheck(test_texts(places)), set(), []
    for row in own_rows() + document_rows(places, held_out=False) + public_rows(places):
        key = " ".join(words_of(row.text))
        if key and key not in seen and not check.leaks(row.text):
            seen.add(key)
            kept.append(row)
    return kept


def soft_rows(places: Places) -> list[Row]:
    """Corpus sentences with what the teachers think of them (unlabelled.py)."""
    stored = np.load(places.at("unlabelled.npz"))
    probabilities = stored["probabilities"].astype(np.float32)
    probabilities /= probabilities.sum(1, keepdims=True)
    return [Row(str(text), target, False, TEACHER_WEIGHT, "unlabelled", "unlabelled")
            for text, target in zip(stored["texts"], probabilities)]


def is_validation(row: Row) -> bool:
    """Grouped validation: the new PROMISE_exp projects, a sixth of our domains, a sixth of the training repositories."""
    if row.source == "exp":
        return True
    if row.source in ("own", "documents"):
        return random.Random(f"6 {row.group}").random() < 1 / 6
    return False


IDS = ["REQ-{a}: ", "R{b}.{c} ", "[NFR-{b}] ", "{b}.{c}.{c} ", "FR{a} - ", "({b}) ", "SRS_{a}: ", "- ", "{a}. "]
SUBJECTS = re.compile(r"\b[Tt]he (system|product|application|software|app|tool|platform|solution)\b")
NAMES = ["system", "product", "application", "software", "website", "solution", "app"]
MODALS = re.compile(r"\b(shall|must|should|will)\b")


def vary(text: str, rng: random.Random) -> str:
    """What carries no category: ids in front, the modal verb, the name of the product, lost commas, no full stop."""
    if rng.random() < 0.15:
        text = rng.choice(IDS).format(a=rng.randint(1, 400), b=rng.randint(1, 30), c=rng.randint(1, 9)) + text
    if rng.random() < 0.2:
        modal = rng.choice(["shall", "must", "should", "will"])
        text = MODALS.sub(modal, text)
    if rng.random() < 0.2:
        text = SUBJECTS.sub(f"the {rng.choice(NAMES)}", text)
    if rng.random() < 0.1:
        text = text.replace(",", "")
    if rng.random() < 0.25:
        text = text.rstrip(" .;")
    return text
