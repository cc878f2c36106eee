"""Stage 4: masked-language pre-training with whole words, restartable, for as many minutes as given.

The learning rate warms up and then decays slowly without knowing the end; `--cool` starts from the newest checkpoint,
lets the rate fall to zero over its minutes and writes a separate file, so the main run can go on afterwards.
"""

import argparse
import contextlib
import math
import os
import pathlib
import signal
import time

import numpy as np
import torch

from network import MaskedLanguageModel, Shape
from places import Places, add_places, places_of, say
from vocabulary import CLS, MASK, SEP, load_vocabulary, word_starts

MASKED_SHARE = 0.2
CHECKPOINT_SECONDS = 180
POOL_BATCHES = 100


class Rows:
    """The tokenised corpus as an endless, seeded stream of masked batches of rows of about equal length."""

    def __init__(self, places: Places, tokens: int, seed: int) -> None:
        corpus = np.load(places.at("corpus.npz"))
        self.ids, self.offsets = corpus["ids"], corpus["offsets"]
        self.lengths = np.diff(self.offsets)
        vocabulary = load_vocabulary(places)
        self.starts, self.size = word_starts(vocabulary), len(vocabulary.pieces)
        self.tokens, self.rng = tokens, np.random.default_rng(seed)

    def batches(self):
        while True:
            order = self.rng.permutation(len(self.lengths))
            pool = self.tokens * POOL_BATCHES // max(1, int(self.lengths.mean()))
            for at in range(0, len(order), pool):
                yield from self.pool_batches(order[at : at + pool])

    def pool_batches(self, rows: np.ndarray):
        """Sorted by length inside a pool only, so that batches stay mixed and padding small."""
        rows = rows[np.argsort(self.lengths[rows], kind="stable")]
        groups, at = [], 0
        while at < len(rows):
            count = max(1, int(self.tokens // (self.lengths[rows[at]] + 2)))
            groups.append(rows[at : at + count])
            at += count
        for group in self.rng.permutation(len(groups)):
            yield self.mask(groups[group])

    def mask(self, rows: np.ndarray) -> dict[str, torch.Tensor]:
        """-> ids[B,T], mask[B,T], at[N], targets[N]; whole words are hidden together."""
        width = int(self.lengths[rows].max()) + 2
        ids = np.zeros((len(rows), width), np.int64)
        for at, row in enumerate(rows):
            length = self.lengths[row]
            ids[at, 0], ids[at, length + 1] = CLS, SEP
            ids[at, 1 : length + 1] = self.ids[self.offsets[row] : self.offsets[row + 1]]
        word = np.cumsum(self.starts[ids], axis=1)
        chosen = np.take_along_axis(self.rng.random((len(rows), width + 1)) < MASKED_SHARE, word, 1) & (ids > MASK)
        at = np.flatnonzero(chosen)
        targets = ids.reshape(-1)[at]
        real = (ids != 0).astype(np.int64)
        dice = self.rng.random(len(at))
        shown = np.where(dice < 0.85, MASK, np.where(dice < 0.92, self.rng.integers(5, self.size, len(at)), targets))
        ids.reshape(-1)[at] = shown
        return {"ids": torch.from_numpy(ids), "mask": torch.from_numpy(real),
                "at": torch.from_numpy(at), "targets": torch.from_numpy(targets)}


def learning_rate(step: int, peak: float) -> float:
    """Linear warm-up, then a slow inverse square root."""
    return peak * min(step / 300, math.sqrt(3000 / max(step, 3000)))


def new_run(places: Places, device: str, peak: float):
    shape = Shape()
    model = MaskedLanguageModel(shape)
    vectors = torch.from_numpy(np.load(places.at("embeddings.npy")))
    with torch.no_grad():
        model.bert.embeddings.word_embeddings.weight.copy_(vectors)
    model.to(device)
    decay = [p for p in model.parameters() if p.dim() > 1]
    rest = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": decay, "weight_decay": 0.01}, {"params": rest, "weight_decay": 0.0}]
    return model, torch.optim.AdamW(groups, lr=peak, betas=(0.9, 0.98), eps=1e-6)


def save(path: pathlib.Path, model, optimizer, progress: dict) -> None:
    part = path.with_name(path.name + ".part")
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "progress": progress}, part)
    os.replace(part, path)


def precision(device: str):
    """bf16 products where they are fast (CUDA, CPUs with AMX or AVX512-BF16); RECIPE_FP32=1 switches that off."""
    if os.environ.get("RECIPE_FP32"):
        return contextlib.nullcontext()
    return torch.autocast(device, torch.bfloat16)


def train(places: Places, minutes: float, peak: float, tokens: int, cool: bool) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(int(os.environ.get("RECIPE_THREADS", "2")))
    torch.manual_seed(4)
    model, optimizer = new_run(places, device, peak)
    newest, target = places.at("pretrain.pt"), places.at("pretrain-cool.pt" if cool else "pretrain.pt")
    progress = {"step": 0, "tokens": 0, "seconds": 0.0, "loss": 0.0}
    if newest.exists():
        state = torch.load(newest, map_location=device)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        progress = state["progress"]
    say("pre-training from step", progress["step"])
    stop = {"asked": False}
    signal.signal(signal.SIGTERM, lambda *_: stop.update(asked=True))
    model.train()
    started = last_saved = time.monotonic()
    for batch in Rows(places, tokens, seed=progress["step"] + 17 * cool).batches():
        share = (time.monotonic() - started) / (60 * minutes)
        if share >= 1 or stop["asked"]:
            break
        rate = learning_rate(progress["step"] + 1, peak) * ((1 - share) if cool else 1)
        advance(model, optimizer, batch, rate, device, progress)
        if progress["step"] % 25 == 0:
            report(places, progress, rate, cool)
        if time.monotonic() - last_saved > CHECKPOINT_SECONDS:
            save(target, model, optimizer, progress)
            last_saved = time.monotonic()
    save(target, model, optimizer, progress)
    say("stopped at", progress)


def advance(model, optimizer, batch: dict, rate: float, device: str, progress: dict) -> None:
    """One step; `progress` keeps a running loss (about the last hundred steps) and the true tokens seen."""
    started = time.monotonic()
    for group in optimizer.param_groups:
        group["lr"] = rate
    with precision(device):
        loss = model(**{name: value.to(device) for name, value in batch.items()})
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    progress["step"] += 1
    progress["tokens"] += int(batch["mask"].sum())
    progress["seconds"] += time.monotonic() - started
    keep = min(0.99, 1 - 1 / progress["step"])
    progress["loss"] = keep * progress["loss"] + (1 - keep) * loss.item()


def report(places: Places, progress: dict, rate: float, cool: bool) -> None:
    line = (f"{time.strftime('%H:%M:%S', time.gmtime())} {'cool ' if cool else ''}step {progress['step']} loss {progress['loss']:.3f} "
            f"tokens {progress['tokens']:,} tokens/s {progress['tokens'] / progress['seconds']:.0f} lr {rate:.1e}")
    places.at("status.txt").write_text(line + "\n", encoding="utf-8")
    if progress["step"] % 100 == 0:
        say(line)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    add_places(parser)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--peak", type=float, default=1e-3)
    parser.add_argument("--tokens", type=int, default=4096, help="a batch, padding included")
    parser.add_argument("--cool", action="store_true")
    asked = parser.parse_args()
    train(places_of(asked), asked.minutes, asked.peak, asked.tokens, asked.cool)
