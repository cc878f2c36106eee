"""Steering only: what adaptation of the PROMISE-free base reaches on projects it has not seen.

The numbers of the model card come from the product's own `npm run evaluate`. Each fold adapts a fresh copy of the base
to the other projects' rows, with LoRA on query and value and the head, as the product does.
"""

import argparse
import copy
import json
import random

import numpy as np
import torch


from network import Classifier, add_lora
from places import CODES, Places, add_places, places_of, read_jsonl, say, write_json
from pretrain import precision
from scores import NONE, by_source, class_scores, functional_score
from dataset import PLACE, document_rows, vary
from supervised import load_classifier, predict
from vocabulary import encode, load_vocabulary, pad


def adapt(places: Places, base: Classifier, texts: list[str], targets: np.ndarray, *, sets: bool = False, epochs: int = 5,
          peak: float = 2e-3, rank: int = 8, seed: int = 1) -> Classifier:
    """targets [rows, 13]: distributions, or 0/1 sets of classes (the loss then is the log of the set's probability)."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    vocabulary = load_vocabulary(places)
    model = copy.deepcopy(base)
    trainable = list(add_lora(model, rank, 2.0 * rank).values())
    optimizer = torch.optim.AdamW(trainable, lr=peak, weight_decay=0.01)
    model.train()
    steps, step = epochs * ((len(texts) + 31) // 32), 0
    for _ in range(epochs):
        order = list(range(len(texts)))
        rng.shuffle(order)
        for at in range(0, len(order), 32):
            group = order[at : at + 32]
            ids, mask = pad(encode(vocabulary, [vary(texts[i], rng) for i in group]))
            for part in optimizer.param_groups:
                part["lr"] = peak * min(1.0, (step + 1) / 10) * (1 - step / steps)
            with precision("cpu"):
                logits = model(torch.from_numpy(ids), torch.from_numpy(mask), 0.1)
            logs, target = logits.float().log_softmax(-1), torch.from_numpy(targets[group])
            each = -(logs + target.clamp_min(1e-9).log()).logsumexp(-1) if sets else -(target * logs).sum(-1)
            optimizer.zero_grad()
            each.mean().backward()
            optimizer.step()
            step += 1
    return model.eval()


def promise(places: Places, base: Classifier, adapted: bool) -> dict:
    """Twelve classes, leave one project out, predictions pooled; without adaptation the base as it is."""
    rows = read_jsonl(places.data / "promise_nfr.jsonl")
    texts, labels = [r["text"] for r in rows], np.array([PLACE[r["label"]] for r in rows])
    projects = np.array([r["project"] for r in rows])
    out = np.zeros((len(rows), len(CODES)), np.float32)
    for project in sorted(set(projects)) if adapted else [None]:
        test = np.flatnonzero(projects == project) if adapted else np.arange(len(rows))
        model = base
        if adapted:
            train = np.flatnonzero(projects != project)
            targets = np.eye(len(CODES), dtype=np.float32)[labels[train]]
            model = adapt(places, base, [texts[i] for i in train], targets)
        out[test] = predict(places, model, [texts[i] for i in test])
    guess = out[:, :NONE].argmax(1)
    lowest = min((guess == labels)[projects == p].mean() for p in set(projects))
    return {**class_scores(out, labels, list(range(NONE))), "functional": functional_score(out, labels),
            "lowest_project": round(float(lowest), 3), "ece": round(calibration_error(out[:, :NONE], labels), 4)}


def calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 10) -> float:
    shares = probabilities / probabilities.sum(1, keepdims=True)
    best, right = shares.max(1), shares.argmax(1) == labels
    at = np.minimum((best * bins).astype(int), bins - 1)
    return float(sum(abs(best[at == b].sum() - right[at == b].sum()) for b in range(bins)) / len(labels))


def secreq(places: Places, base: Classifier) -> dict:
    """F1 of security, leave one document out, adapted to the other two."""
    rows = read_jsonl(places.data / "secreq.jsonl")
    truth = np.array([r["label"] == "sec" for r in rows])
    documents = np.array([r["project"] for r in rows])
    security = np.eye(len(CODES), dtype=np.float32)[PLACE["SE"]]
    out = np.zeros(len(rows))
    zero = predict(places, base, [r["text"] for r in rows])[:, PLACE["SE"]]
    for document in sorted(set(documents)):
        train, test = np.flatnonzero(documents != document), np.flatnonzero(documents == document)
        targets = np.where(truth[train][:, None], security, 1 - security).astype(np.float32)
        model = adapt(places, base, [rows[i]["text"] for i in train], targets, sets=True)
        out[test] = predict(places, model, [rows[i]["text"] for i in test])[:, PLACE["SE"]]

    def f1(guess: np.ndarray) -> float:
        return round(2 * (guess & truth).sum() / max(1, guess.sum() + truth.sum()), 4)

    return {"adapted": f1(out > 0.5), "base": f1(zero > 0.5)}


def evaluate(places: Places, name: str, quick: bool) -> dict:
    base = load_classifier(places.at(f"{name}.pt"))
    held = document_rows(places, held_out=True)
    table = {"promise_base": promise(places, base, adapted=False),
             "documents": by_source(held, predict(places, base, [row.text for row in held]))["documents"]}
    if not quick:
        table |= {"promise_adapted": promise(places, base, adapted=True), "secreq": secreq(places, base)}
    write_json(places.at("results", f"{name}-test.json"), table)
    return table


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    add_places(parser)
    parser.add_argument("--name", default="supervised")
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    for measure, value in evaluate(places_of(asked), asked.name, asked.quick).items():
        say(measure, json.dumps(value))
