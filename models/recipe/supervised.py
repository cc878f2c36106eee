"""Stage 7: the encoder and its head learn all labelled sets at once, and what the teachers say about unlabelled sentences.

One loss a row: cross-entropy against a distribution over the classes.
The weights that are kept are a running average (EMA) of the last part of the run.
"""

import argparse
import copy
import json
import os
import pathlib
import random
import time
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from dataset import Row, is_validation, soft_rows, training_rows, vary
from network import Classifier, Shape
from places import CODES, Places, add_places, places_of, say, write_json
from pretrain import CHECKPOINT_SECONDS, precision
from scores import by_source
from vocabulary import MASK, encode, load_vocabulary, pad

SMOOTHING = 0.02
WORD_DROPOUT = 0.08
BALANCE = 0.25
POOL_BATCHES = 40


def class_weights(rows: list[Row]) -> np.ndarray:
    """Rare classes count more, mildly: (mean share / share) to a small power."""
    share = np.sum([row.target * row.weight for row in rows], axis=0)
    return ((share.mean() / share) ** BALANCE).astype(np.float32)


class Batches:
    """Endless seeded stream; a batch holds rows of similar length, `tokens` ids with padding."""

    def __init__(self, places: Places, rows: list[Row], tokens: int, seed: int) -> None:
        self.vocabulary = load_vocabulary(places)
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
        """-> ids[B,T], mask[B,T], target[B,13], weight[B]."""
        array, mask = pad(ids)
        array[(self.dice.random(array.shape) < WORD_DROPOUT) & (array > MASK)] = MASK
        target = np.stack([row.target for row in rows])
        weight = np.array([row.weight for row in rows], np.float32) * (target * self.balance).sum(1)
        return {"ids": torch.from_numpy(array), "mask": torch.from_numpy(mask), "target": torch.from_numpy(target),
                "weight": torch.from_numpy(weight)}


def loss_of(logits: Tensor, batch: dict[str, Tensor]) -> Tensor:
    """Weighted mean over the batch; logits [B,13]."""
    smooth = batch["target"] * (1 - SMOOTHING) + SMOOTHING / logits.shape[1]
    loss = -(smooth * logits.float().log_softmax(-1)).sum(-1)
    return (loss * batch["weight"]).sum() / batch["weight"].sum()


def load_encoder(model: Classifier, path: pathlib.Path) -> None:
    """From a pre-training checkpoint (head stays new) or a supervised one (head included)."""
    state = torch.load(path, map_location="cpu")["model"]
    wanted = {name: tensor for name, tensor in state.items() if name in model.state_dict()}
    missing = model.load_state_dict(wanted, strict=False).missing_keys
    say("start from", path.name, "new:", missing)


@dataclass
class Plan:
    """How long and how hard: `steps` steps, or `minutes` where steps is 0; the rate falls to zero over the run."""

    minutes: float
    steps: int
    peak: float
    seed: int
    drop: float = 0.1
    tokens: int = 2048


class Training:
    """Model, running average and optimizer of one run, with a checkpoint from which a killed run goes on."""

    def __init__(self, start: pathlib.Path, plan: Plan, checkpoint: pathlib.Path) -> None:
        torch.manual_seed(plan.seed)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.plan, self.checkpoint = plan, checkpoint
        model = Classifier(Shape())
        load_encoder(model, start)
        self.model = model.to(self.device).train()
        self.average = copy.deepcopy(model).eval()
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=plan.peak, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.01)
        self.step, self.seconds, self.running = 0, 0.0, 0.0
        if checkpoint.exists():
            self.restore(torch.load(checkpoint, map_location=self.device))

    def restore(self, state: dict) -> None:
        self.model.load_state_dict(state["fast"])
        self.average.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.seconds, self.running = state["step"], state["seconds"], state["running"]
        say("goes on from step", self.step)

    def save(self) -> None:
        """`model` is the average, so that a checkpoint can be exported or scored as it is."""
        part = self.checkpoint.with_name(self.checkpoint.name + ".part")
        torch.save({"model": self.average.state_dict(), "fast": self.model.state_dict(), "optimizer": self.optimizer.state_dict(),
                    "step": self.step, "seconds": self.seconds, "running": self.running}, part)
        os.replace(part, self.checkpoint)

    def share(self) -> float:
        return self.step / self.plan.steps if self.plan.steps else self.seconds / (60 * self.plan.minutes)

    def take(self, batch: dict[str, Tensor]) -> None:
        """One optimizer step and one step of the average."""
        started = time.monotonic()
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.peak * min(self.step / 100, 1.0, (1 - self.share()) / 0.8)
        batch = {name: value.to(self.device) for name, value in batch.items()}
        with precision(self.device):
            logits = self.model(batch["ids"], batch["mask"], self.plan.drop)
        loss = loss_of(logits, batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        keep = min(0.998, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for slow, fast in zip(self.average.parameters(), self.model.parameters()):
                slow.lerp_(fast, 1 - keep)
        self.step += 1
        self.running = loss.item() if self.step == 1 else 0.99 * self.running + 0.01 * loss.item()
        self.seconds += time.monotonic() - started


def fit(places: Places, rows: list[Row], start: pathlib.Path, plan: Plan, checkpoint: pathlib.Path) -> Classifier:
    torch.set_num_threads(int(os.environ.get("RECIPE_THREADS", "2")))
    training = Training(start, plan, checkpoint)
    last_saved = time.monotonic()
    for batch in Batches(places, rows, plan.tokens, plan.seed + 1000 * training.step):
        if training.share() >= 1:
            break
        training.take(batch)
        if training.step % 100 == 0:
            speed = training.step / training.seconds
            say(f"step {training.step} share {training.share():.2f} loss {training.running:.4f} steps/s {speed:.2f}")
        if time.monotonic() - last_saved > CHECKPOINT_SECONDS:
            training.save()
            last_saved = time.monotonic()
    say("supervised done: steps", training.step, "loss", round(training.running, 4))
    return training.average.cpu()


@torch.no_grad()
def predict(places: Places, model: Classifier, texts: list[str]) -> np.ndarray:
    """Probabilities [texts, 13] in fp32, batches by length."""
    model.eval()
    ids = encode(load_vocabulary(places), texts)
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


def run(places: Places, name: str, start: str, plan: Plan, *, validate: bool, soft: str | None) -> None:
    """Trains and stores `name`.pt; with `validate` the validation groups are left out, scored into results/ and kept as validation.json."""
    rows = training_rows(places)
    training = [row for row in rows if not (validate and is_validation(row))]
    training += soft_rows(places, soft) if soft else []
    say(name, "training rows", len(training))
    checkpoint = places.at(f"{name}-progress.pt")
    model = fit(places, training, places.at(start), plan, checkpoint)
    torch.save({"model": model.state_dict(), "name": name}, places.at(f"{name}.pt"))
    checkpoint.unlink(missing_ok=True)
    if validate:
        held = [row for row in rows if is_validation(row)]
        write_json(places.at("validation.json"), [{"text": row.text, "label": CODES[row.label], "group": row.group, "source": row.source}
                                                  for row in held])
        table = by_source(held, predict(places, model, [row.text for row in held]))
        write_json(places.at("results", f"{name}.json"), {"name": name, "start": start, "plan": asdict(plan), "soft": soft, "scores": table})
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
    parser.add_argument("--drop", type=float, default=0.1, help="dropout in the encoder and before the head")
    parser.add_argument("--soft", metavar="NAME", help="add the soft labels of NAME.npz (unlabelled.py)")
    asked = parser.parse_args()
    run(places_of(asked), asked.name, asked.start, Plan(asked.minutes, asked.steps, asked.peak, asked.seed, asked.drop),
        validate=asked.validate, soft=asked.soft)
