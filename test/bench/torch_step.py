"""The training steps of test/bench/adapt.ts in PyTorch, for comparison: same network, batch, adapters and optimizer.

    python3 test/bench/torch_step.py LAYERS HIDDEN HEADS INTERMEDIATE VOCABULARY ROWS TOKENS THREADS

Prints one JSON object: milliseconds a step, the median of many, for `lora` (rank 8 on query, value and both feed-forward
matrices of the upper half; the lower half computed under no_grad), `loraCached` (the same from kept activations) and `full`.
"""

import json
import statistics
import sys
import time

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

LAYERS, HIDDEN, HEADS, WIDE, WORDS, ROWS, TOKENS, THREADS = (int(word) for word in sys.argv[1:9])
RANK, SCALE, CLASSES, STEPS = 8, 2.0, 13, 25


class Projection(nn.Linear):
    """A linear layer that may carry LoRA."""

    def adapt(self) -> list[nn.Parameter]:
        self.a = nn.Parameter(torch.randn(self.in_features, RANK) * 0.05)
        self.b = nn.Parameter(torch.randn(RANK, self.out_features) * 0.05)
        return [self.a, self.b]

    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x)
        return y + (x @ self.a * SCALE) @ self.b if hasattr(self, "a") else y


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v, self.o = (Projection(HIDDEN, HIDDEN) for _ in range(4))
        self.up, self.down = Projection(HIDDEN, WIDE), Projection(WIDE, HIDDEN)
        self.n1, self.n2 = nn.LayerNorm(HIDDEN), nn.LayerNorm(HIDDEN)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (p(x).view(ROWS, TOKENS, HEADS, -1).transpose(1, 2) for p in (self.q, self.k, self.v))
        weights = (q @ k.transpose(-1, -2) * (HIDDEN // HEADS) ** -0.5).softmax(-1)
        x = self.n1(x + self.o((weights @ v).transpose(1, 2).reshape(ROWS, TOKENS, HIDDEN)))
        return self.n2(x + self.down(fn.gelu(self.up(x))))


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(WORDS, HIDDEN), nn.Embedding(TOKENS, HIDDEN)
        self.norm = nn.LayerNorm(HIDDEN)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.head = nn.Linear(HIDDEN, CLASSES)

    def lower(self, ids: Tensor) -> Tensor:
        x = self.norm(self.words(ids) + self.places.weight)
        for layer in self.layers[: LAYERS // 2]:
            x = layer(x)
        return x

    def upper(self, x: Tensor) -> Tensor:
        for layer in self.layers[LAYERS // 2:]:
            x = layer(x)
        return self.head(x.mean(1))


def median_step(parameters: list[nn.Parameter], logits, target: Tensor) -> float:
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, weight_decay=0.01)
    times = []
    for _ in range(STEPS):
        start = time.perf_counter()
        optimizer.zero_grad()
        fn.cross_entropy(logits(), target).backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[5:])


def main() -> None:
    torch.manual_seed(1)
    torch.set_num_threads(THREADS)
    ids, target = torch.randint(0, WORDS, (ROWS, TOKENS)), torch.randint(0, CLASSES, (ROWS,))
    model = Model()
    full = median_step(list(model.parameters()), lambda: model.upper(model.lower(ids)), target)
    model = Model()
    for p in model.parameters():
        p.requires_grad = False
    trainable = list(model.head.parameters())
    for layer in model.layers[LAYERS // 2:]:
        for projection in (layer.q, layer.v, layer.up, layer.down):
            trainable += projection.adapt()
    for p in trainable:
        p.requires_grad = True

    def frozen() -> Tensor:
        with torch.no_grad():
            return model.lower(ids)

    kept = frozen()
    lora = median_step(trainable, lambda: model.upper(frozen()), target)
    cached = median_step(trainable, lambda: model.upper(kept), target)
    print(json.dumps({"lora": lora, "loraCached": cached, "full": full}))


main()
