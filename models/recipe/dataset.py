"""The labelled sets as one list of rows with a target over 13 classes, a weight and a group; tests left out.

Public statements that came without a category, or with one that followed their document's headings, carry this
project's own labels (`data/labels`: source, id, label, label2; never a text); those that nobody could decide are left out.
"""

import random
import re
from dataclasses import dataclass

import numpy as np

from corpus import LABELLED_SENTENCES, labelled_sentences, synthetic_rows
from leaks import SAME_WORDS, LeakCheck, held_out_repositories, test_texts, words_of
from places import CODES, HERE, Places, read_jsonl

SECOND_LABEL_SHARE = 0.25
TEACHER_WEIGHT = 0.5
OWN_WEIGHT = 0.7
# File -> source, under which it is scored, and weight.
RELABELLED = {"promise_plus_noisy": ("specifications", 1.0), "arta_smells": ("specifications", 1.0),
              "reqeval_anaphora": ("specifications", 1.0), "fr_nfr": ("fr_nfr", 1.0), "health_security": ("health", 0.6)}
# `fr_nfr` holds statements of PROMISE in other words, so what merely resembles one goes too.
REWORDED = 0.25
REFERENTIAL = re.compile(r"</?referential[^>]*>")
PLACE = {code: at for at, code in enumerate(CODES)}


@dataclass(frozen=True)
class Row:
    text: str
    target: np.ndarray
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


def own_rows() -> list[Row]:
    """This project's statements; second labels soften the target. They are the most, and count less for that."""
    return [Row(r["text"], one_label(r["label"], r.get("label2")), OWN_WEIGHT, f"own:{r['domain']}", "own")
            for r in synthetic_rows()]


def document_rows(places: Places) -> list[Row]:
    """Sentences of the corpus, those of the held-out repositories left out. The second part (ids doc2-) is mostly none and
    F: those rows count less, or they drown the other classes."""
    test, rows = held_out_repositories(places), []
    for r in read_jsonl(places.data / "documents_labelled.jsonl"):
        if r["project"] in test:
            continue
        common = r["id"].startswith("doc2-") and r["label"] in ("none", "F")
        target = one_label(r["label"], r.get("label2"))
        rows.append(Row(r["text"], target, 0.4 if common else 1.0, f"doc:{r['project']}", "documents"))
    return rows


def sentence_rows(places: Places) -> list[Row]:
    """Further sentences of the corpus, labelled by this project; those that a network was unsure of are scored apart."""
    return [Row(r["text"], one_label(r["label"], r["label2"]), 1.0, f"doc:{r['repository']}", LABELLED_SENTENCES[r["source"]])
            for r in labelled_sentences(places)]


def expert_rows(places: Places) -> list[Row]:
    """Projects of PROMISE_exp, with the categories of its experts."""
    return [Row(r["text"], one_label(r["label"]), 2.0, f"exp:{r['project']}", "exp")
            for r in read_jsonl(places.data / "promise_exp_new_projects.jsonl")]


def functional_rows(places: Places) -> list[Row]:
    """What `fr_nfr` calls functional."""
    return [Row(r["text"], one_label("F"), 0.5, f"fr:{at % 10}", "fr_nfr")
            for at, r in enumerate(read_jsonl(places.data / "fr_nfr.jsonl")) if not r.get("in_promise") and r["label"] == "F"]


def relabelled_rows(places: Places) -> list[Row]:
    """Public statements with the labels of `data/labels`."""
    labels = {(r["source"], r["id"]): r for path in sorted((HERE / "data" / "labels").glob("*.jsonl")) for r in read_jsonl(path)}
    rows = []
    for file, (source, weight) in RELABELLED.items():
        for at, r in enumerate(read_jsonl(places.data / f"{file}.jsonl")):
            label = labels.get((file, r["id"]))
            if label is not None and not r.get("in_promise"):
                group = f"{file}:{r['project'] or at % 10}"
                text = REFERENTIAL.sub("", r["text"])
                rows.append(Row(text, one_label(label["label"], label["label2"]), weight, group, source))
    return rows


def statement_rows(places: Places) -> list[Row]:
    """Every labelled statement but those that have to be looked for in the corpus. Of equal texts the first row is kept: an
    expert's category comes before ours of the same statement elsewhere, and ours before the F of `fr_nfr`."""
    return own_rows() + document_rows(places) + expert_rows(places) + relabelled_rows(places) + functional_rows(places)


def training_rows(places: Places) -> list[Row]:
    """Everything the base may learn from."""
    return without_tests(places, statement_rows(places) + sentence_rows(places))


def without_tests(places: Places, rows: list[Row]) -> list[Row]:
    """Each normalised text once (the first source wins), near-duplicates of tests left out."""
    check, seen, kept = LeakCheck(test_texts(places)), set(), []
    for row in rows:
        key = " ".join(words_of(row.text))
        same = REWORDED if row.source == "fr_nfr" else SAME_WORDS
        if key and key not in seen and not check.leaks(row.text) and not check.paraphrases_a_test(row.text, same):
            seen.add(key)
            kept.append(row)
    return kept


def soft_rows(places: Places, name: str) -> list[Row]:
    """Corpus sentences with what the teachers think of them (`name`.npz of unlabelled.py)."""
    stored = np.load(places.at(f"{name}.npz"))
    probabilities = stored["probabilities"].astype(np.float32)
    probabilities /= probabilities.sum(1, keepdims=True)
    return [Row(str(text), target, TEACHER_WEIGHT, "unlabelled", "unlabelled")
            for text, target in zip(stored["texts"], probabilities)]


def is_validation(row: Row) -> bool:
    """Grouped validation: the new PROMISE_exp projects, a fifth of the other specifications, a sixth of our domains and of
    the training repositories."""
    if row.source == "exp":
        return True
    share = {"own": 1 / 6, "documents": 1 / 6, "unsure": 1 / 6, "specifications": 1 / 5}.get(row.source, 0)
    return random.Random(f"6 {row.group}").random() < share


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
