"""Stage 7: the encoder and its head learn all labelled sets at once, and what the teachers say about unlabelled sentences.

One loss a row: cross-entropy against a distribution, or minus the log of the total probability of a set of classes.
The weights that are kept are a running average (EMA) of the last part of the run.
"""

import argparse
import copy
import json
import os
import pathlib
import random
import time

import numpy as np
import torch
from torch import Tensor

from dataset import Row, is_validation, soft_rows, training_rows, vary
from network import Classifier, Shape
from places import CODES, Places, add_places, places_of, say, write_json
from pretrain import precision
from scores import by_source
from vocabulary import MASK, encode, load_vocabulary, pad

SMOOTHING = 0.02
WORD_DROPOUT = 0.08
BALANCE = 0.25
POOL_BATCHES = 40


def class_weights(rows: list[Row]) -> np.ndarray:
    """Rare classes count more, mildly: (mean share / share) to a small power."""
    share = np.sum([row.target * row.weight for row in rows if not row.is_set], axis=0)
    return ((share.mean() / share) ** BALANCE).astype(np.float32)


class Batches:
    """Endless seeded stream; a batch holds rows of similar length, `tokens` ids with padding."""

    def __init__(self, places: Places, rows: list[Row], tokens: int, seed: int) -> None:
        self.vocabulary = load_vocabulary(places.at("vocabulary.model"))
        self.rows, self.tokens = rows, tokens
        self.rng, self.dice = random.Random(seed), np.random.default_rng(seed)
        self.balance = class_weights(rows)

    def __iter__(self):
        while True:
            order = list(range(len(self.rows)))
            self.rng.shuffle(order)
            pool = self.tokens * POOL_BATCHES // 30
            for at in range(0, len(order), pool):
                yield from self.pool_batches([self.rows[i] for i in order[at : at + pool]])

    def pool_batches(self, rows: list[Row]):
        ids = encode(self.vocabulary, [vary(row.text, self.rng) for row in rows])
        order = sorted(range(len(rows)), key=lambda i: len(ids[i]))
        groups, at = [], 0
        while at < len(order):
            end = at + 1
            while end < len(order) and (end - at + 1) * len(ids[order[end]]) <= self.tokens:
                end += 1
            groups.append(order[at:end])
            at = end
        self.rng.shuffle(groups)
        for group in groups:
            yield self.batch([rows[i] for i in group], [ids[i] for i in group])

    def batch(self, rows: list[Row], ids: list[list[int]]) -> dict[str, Tensor]:
        """-> ids[B,T], mask[B,T], target[B,13], is_set[B], weight[B]."""
        array, mask = pad(ids)
        array[(self.dice.random(array.shape) < WORD_DROPOUT) & (array > MASK)] = MASK
        target = np.stack([row.target for row in rows])
        is_set = np.array([row.is_set for row in rows])
        weight = np.array([row.weight for row in rows], np.float32)
        weight = weight * np.where(is_set, 1.0, (target * self.balance).sum(1)).astype(np.float32)
        return {"ids": torch.from_numpy(array), "mask": torch.from_numpy(mask), "target": torch.from_numpy(target),
                "is_set": torch.from_numpy(is_set), "weight": torch.from_numpy(weight)}


def loss_of(logits: Tensor, batch: dict[str, Tensor]) -> Tensor:
    """Weighted mean over the batch; logits [B,13]."""
    logs = logits.float().log_softmax(-1)
    target = batch["target"]
    smooth = target * (1 - SMOOTHING) + SMOOTHING / target.shape[1]
    classes = -(smooth * logs).sum(-1)
    sets = -(logs + target.clamp_min(1e-9).log()).logsumexp(-1)
    loss = torch.where(batch["is_set"], sets, classes)
    return (loss * batch["weight"]).sum() / batch["weight"].sum()


def load_encoder(model: Classifier, path: pathlib.Path) -> None:
    """From a pre-training checkpoint (head stays new) or a supervised one (head included)."""
    state = torch.load(path, map_location="cpu")["model"]
    wanted = {name: tensor for name, tensor in state.items() if name in model.state_dict()}
    missing = model.load_state_dict(wanted, strict=False).missing_keys
    say("start from", path.name, "new:", missing)


def fit(places: Places, rows: list[Row], start: pathlib.Path, *, minutes: float, steps: int, peak: float, seed: int,
        tokens: int = 3072) -> Classifier:
    """Trains for `steps` steps, or for `minutes` where steps is 0; the rate falls to zero over the run."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(int(os.environ.get("RECIPE_THREADS", "2")))
    torch.manual_seed(seed)
    model = Classifier(Shape())
    load_encoder(model, start)
    model.to(device).train()
    average = copy.deepcopy(model).eval()
    optimizer = torch.optim.AdamW(model.parameters(), lr=peak, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.01)
    started, step, running = time.monotonic(), 0, 0.0
    for batch in Batches(places, rows, tokens, seed):
        share = step / steps if steps else (time.monotonic() - started) / (60 * minutes)
        if share >= 1:
            break
        rate = peak * min(step / 100, 1.0, (1 - share) / 0.8)
        loss = advance(model, average, optimizer, {k: v.to(device) for k, v in batch.items()}, rate, step)
        step += 1
        running = loss if step == 1 else 0.99 * running + 0.01 * loss
        if step % 100 == 0:
            seconds = time.monotonic() - started
            say(f"supervised step {step} share {share:.2f} loss {running:.4f} steps/s {step / seconds:.2f}")
    say("supervised done: steps", step, "loss", round(running, 4))
    return average.cpu()


def advance(model, average, optimizer, batch: dict[str, Tensor], rate: float, step: int) -> float:
    for group in optimizer.param_groups:
        group["lr"] = rate
    with precision(batch["ids"].device.type):
        logits = model(batch["ids"], batch["mask"], 0.1)
    loss = loss_of(logits, batch)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    keep = min(0.998, (1 + step) / (10 + step))
    with torch.no_grad():
        for slow, fast in zip(average.parameters(), model.parameters()):
            slow.lerp_(fast, 1 - keep)
    return loss.item()


@torch.no_grad()
def predict(places: Places, model: Classifier, texts: list[str]) -> np.ndarray:
    """Probabilities [texts, 13] in fp32, batches by length."""
    model.eval()
    ids = encode(load_vocabulary(places.at("vocabulary.model")), texts)
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    out = np.zeros((len(texts), len(CODES)), np.float32)
    for at in range(0, len(order), 64):
        group = order[at : at + 64]
        array, mask = pad([ids[i] for i in group])
        out[group] = model(torch.from_numpy(array), torch.from_numpy(mask)).softmax(-1).numpy()
    return out


def load_classifier(path: pathlib.Path) -> Classifier:
    model = Classifier(Shape())
    model.load_state_dict(torch.load(path, map_location="cpu")["model"])
    return model.eval()


def run(places: Places, name: str, start: str, *, minutes: float, steps: int, peak: float, seed: int,
        validate: bool, soft: bool) -> None:
    """Trains and stores `name`.pt; with `validate` the validation groups are left out and scored into results/."""
    rows = training_rows(places)
    training = [row for row in rows if not (validate and is_validation(row))]
    training += soft_rows(places) if soft else []
    say(name, "training rows", len(training))
    model = fit(places, training, places.at(start), minutes=minutes, steps=steps, peak=peak, seed=seed)
    torch.save({"model": model.state_dict(), "name": name}, places.at(f"{name}.pt"))
    if validate:
        held = [row for row in rows if is_validation(row)]
        table = by_source(held, predict(places, model, [row.text for row in held]))
        write_json(places.at("results", f"{name}.json"), {"name": name, "start": start, "seed": seed, "scores": table})
        say(json.dumps(table))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    add_places(parser)
    parser.add_argument("--name", default="supervised")
    parser.add_argument("--start", default="pretrain.pt")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--peak", type=float, default=4e-4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--validate", action="store_true", help="leave the validation groups out and score them")
    parser.add_argument("--soft", action="store_true", help="add the soft labels of unlabelled.npz")
    asked = parser.parse_args()
    run(places_of(asked), asked.name, asked.start, minutes=asked.minutes, steps=asked.steps, peak=asked.peak,
        seed=asked.seed, validate=asked.validate, soft=asked.soft)
