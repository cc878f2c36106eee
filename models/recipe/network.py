"""The encoder: BERT (post-layer-norm) with the parameter names of Hugging Face, so that a state dict is a checkpoint.

Shapes: B rows, T ids a row, H hidden, V vocabulary, C classes.
"""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as fn


@dataclass(frozen=True)
class Shape:
    vocab_size: int = 16_000
    hidden_size: int = 256
    num_hidden_layers: int = 4
    num_attention_heads: int = 4
    intermediate_size: int = 1024
    max_position_embeddings: int = 128
    type_vocab_size: int = 2
    layer_norm_eps: float = 1e-12
    labels: int = 13

    def as_dict(self) -> dict:
        return asdict(self)


class Norm(nn.LayerNorm):
    """In fp32 under autocast too: PyTorch 1.13 on a CPU does not mix bf16 inputs with fp32 weights here."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.to(self.weight.dtype))


class SelfAttention(nn.Module):
    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(s.hidden_size, s.hidden_size) for _ in range(3))
        self.heads = s.num_attention_heads

    def forward(self, x: Tensor, bias: Tensor, drop: float) -> Tensor:
        """x[B,T,H], bias[B,1,1,T] (0 or very negative) -> [B,T,H]."""
        b, t, h = x.shape
        q, k, v = (layer(x).view(b, t, self.heads, h // self.heads).transpose(1, 2)
                   for layer in (self.query, self.key, self.value))
        scores = q @ k.transpose(-1, -2) * (h // self.heads) ** -0.5 + bias.to(q.dtype)
        weights = fn.dropout(scores.softmax(-1), drop, self.training)
        return (weights @ v).transpose(1, 2).reshape(b, t, h)


class Residual(nn.Module):
    """dense, then LayerNorm(dense(x) + skip)."""

    def __init__(self, width: int, s: Shape) -> None:
        super().__init__()
        self.dense = nn.Linear(width, s.hidden_size)
        self.LayerNorm = Norm(s.hidden_size, s.layer_norm_eps)

    def forward(self, x: Tensor, skip: Tensor, drop: float) -> Tensor:
        return self.LayerNorm(fn.dropout(self.dense(x), drop, self.training) + skip)


class Layer(nn.Module):
    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.attention = nn.ModuleDict({"self": SelfAttention(s), "output": Residual(s.hidden_size, s)})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(s.hidden_size, s.intermediate_size)})
        self.output = Residual(s.intermediate_size, s)

    def forward(self, x: Tensor, bias: Tensor, drop: float) -> Tensor:
        x = self.attention["output"](self.attention["self"](x, bias, drop), x, drop)
        return self.output(fn.gelu(self.intermediate["dense"](x)), x, drop)


class Embeddings(nn.Module):
    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(s.vocab_size, s.hidden_size)
        self.position_embeddings = nn.Embedding(s.max_position_embeddings, s.hidden_size)
        self.token_type_embeddings = nn.Embedding(s.type_vocab_size, s.hidden_size)
        self.LayerNorm = Norm(s.hidden_size, s.layer_norm_eps)

    def forward(self, ids: Tensor, drop: float) -> Tensor:
        x = self.word_embeddings(ids) + self.position_embeddings.weight[: ids.shape[1]]
        x = self.LayerNorm(x + self.token_type_embeddings.weight[0])
        return fn.dropout(x, drop, self.training)


class Encoder(nn.Module):
    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.embeddings = Embeddings(s)
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(Layer(s) for _ in range(s.num_hidden_layers))})

    def forward(self, ids: Tensor, mask: Tensor, drop: float = 0.0) -> Tensor:
        """ids[B,T], mask[B,T] (1 = real) -> hidden states [B,T,H]."""
        bias = (1.0 - mask[:, None, None, :].float()) * -1e4
        x = self.embeddings(ids, drop)
        for layer in self.encoder["layer"]:
            x = layer(x, bias, drop)
        return x


class Classifier(nn.Module):
    """Encoder, masked mean (or [CLS]) pooling, linear head."""

    def __init__(self, s: Shape, pooling: str = "mean") -> None:
        super().__init__()
        self.shape, self.pooling = s, pooling
        self.bert = Encoder(s)
        self.classifier = nn.Linear(s.hidden_size, s.labels)
        self.apply(initialise)

    def pool(self, ids: Tensor, mask: Tensor, drop: float = 0.0) -> Tensor:
        """-> [B,H]; the mean runs over all ids that are no padding, [CLS] and [SEP] included."""
        states = self.bert(ids, mask, drop).to(self.classifier.weight.dtype)
        if self.pooling == "cls":
            return states[:, 0]
        weight = mask[:, :, None].to(states.dtype)
        return (states * weight).sum(1) / weight.sum(1)

    def forward(self, ids: Tensor, mask: Tensor, drop: float = 0.0) -> Tensor:
        """-> logits [B,C]."""
        return self.classifier(fn.dropout(self.pool(ids, mask, drop), drop, self.training))


class LoraLinear(nn.Module):
    """y = x W + b + ((x A) * gate) B with A[in,R], B[R,out], gate[R] = alpha / R, as in the product's graph."""

    def __init__(self, base: nn.Linear, rank: int, alpha: float) -> None:
        super().__init__()
        self.base, self.gate = base, alpha / rank
        self.A = nn.Parameter(torch.randn(base.in_features, rank) * base.in_features**-0.5)
        self.B = nn.Parameter(torch.zeros(rank, base.out_features))

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + (x @ self.A * self.gate) @ self.B


def add_lora(model: Classifier, rank: int, alpha: float) -> dict[str, nn.Parameter]:
    """Freezes the encoder, adapts query and value of every layer; returns what is trainable, the head included."""
    model.requires_grad_(False)
    trainable = {"classifier.weight": model.classifier.weight, "classifier.bias": model.classifier.bias}
    for at, layer in enumerate(model.bert.encoder["layer"]):
        block = layer.attention["self"]
        for name in ("query", "value"):
            setattr(block, name, LoraLinear(getattr(block, name), rank, alpha))
            trainable[f"layer.{at}.{name}.A"] = getattr(block, name).A
            trainable[f"layer.{at}.{name}.B"] = getattr(block, name).B
    for parameter in trainable.values():
        parameter.requires_grad_(True)
    return trainable


class MaskedLanguageModel(nn.Module):
    """Encoder and the BERT prediction head, its projection tied to the token embeddings."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.shape = s
        self.bert = Encoder(s)
        self.transform = nn.Linear(s.hidden_size, s.hidden_size)
        self.LayerNorm = Norm(s.hidden_size, s.layer_norm_eps)
        self.bias = nn.Parameter(torch.zeros(s.vocab_size))
        self.apply(initialise)

    def logits(self, ids: Tensor, mask: Tensor, at: Tensor, drop: float = 0.0) -> Tensor:
        """at[N] are flat positions in B*T -> logits [N,V] of the tokens there."""
        states = self.bert(ids, mask, drop).flatten(0, 1)[at]
        states = self.LayerNorm(fn.gelu(self.transform(states)))
        return fn.linear(states, self.bert.embeddings.word_embeddings.weight, self.bias).float()

    def forward(self, ids: Tensor, mask: Tensor, at: Tensor, targets: Tensor, drop: float = 0.0) -> Tensor:
        """at[N] are flat positions in B*T that were masked, targets[N] their true ids -> mean cross-entropy."""
        return fn.cross_entropy(self.logits(ids, mask, at, drop), targets)


def initialise(module: nn.Module) -> None:
    if isinstance(module, (nn.Linear, nn.Embedding)):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)
