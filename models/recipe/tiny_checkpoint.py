"""Makes test/fixtures/tiny-bert: a tiny random BERT classifier and what PyTorch computes with it.

    python3 models/recipe/tiny_checkpoint.py test/fixtures/tiny-bert

2 layers, 32 hidden, 2 heads, 64 intermediate, 5 labels, its own small Unigram vocabulary. Dropout is off. Everything is
computed in float64 from weights rounded to float32, so the stored numbers are exact to about 1e-7.

model.safetensors, config.json, tokenizer.json   the checkpoint (Hugging Face names; Linear weights are [out, in])
outputs.json       `texts`, `ids`[4][T] (0 = padding), `mask`[4][T], and
  pooling.mean, pooling.cls: `pooled`[4][32], `logits`[4][5] of the checkpoint as it is (no LoRA)
      mean: the average of the last hidden states over all positions with mask 1, [CLS] and [SEP] included
      cls: the last hidden state at position 0; no tanh pooler in either; logits = pooled W^T + b
  loss: `target`[4] class, `targetRow`[4][5] = (1 - e) onehot + e / 5 with e = `labelSmoothing`, `classWeight`[5],
      `sampleWeight`[4] = classWeight[target],
      `plain`              = mean over b of -log softmax(logits_b)[target_b]
      `weightedSmoothed`   = sum_b s_b (-sum_c t_bc log softmax(logits_b)_c) / sum_b s_b     (s sampleWeight, t targetRow)
  Everything below uses mean pooling and the loss `weightedSmoothed`.
  lora: rank 2, alpha 4 on query and value of both layers, y = x W^T + b + ((x A) * gate) B, A[32,2], B[2,32],
      gate = alpha / rank = 2. `tensors` (A and B, both random here so that no gradient is trivially zero), `logits`,
      `loss`, `gradients` of A, B, classifier.weight, classifier.bias; `steps`: ten AdamW steps on this one batch, `losses`
      (before each step), `final` (all trainable tensors after the tenth).
  full: every weight trainable, no LoRA. `loss`; gradients are in gradients.safetensors under the checkpoint's names;
      `steps.losses`, `steps.final` (classifier.weight, classifier.bias).
  adamw: lr 1e-3, betas 0.9 / 0.999, eps 1e-8, weightDecay 0.01 on every trainable tensor, no warm-up:
      p -= lr wd p;  m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2;  p -= lr (m / (1-b1^t)) / (sqrt(v / (1-b2^t)) + eps)
gradients.safetensors   gradient of every weight for `full` (position and token rows never used are zero)
"""

import json
import pathlib
import sys

import sentencepiece
import torch
from torch import Tensor
from torch.nn import functional as fn

from corpus import normalise
from export import write_folder, write_safetensors
from network import Classifier, Shape, add_lora
from places import HERE, read_jsonl
from unigram import Unigram
from vocabulary import encode, pad, tokenizer_json

LABELS = ["F", "PE", "SE", "US", "none"]
TARGET = torch.tensor([1, 2, 0, 4])
CLASS_WEIGHT = torch.tensor([0.5, 2.0, 1.5, 1.0, 0.75], dtype=torch.float64)
SMOOTHING = 0.1
TEXTS = ["The search shall answer within two seconds.", "Only administrators may delete accounts.",
         "REQ-7: The clerk can print a receipt, in either language, for every payment.", "Overview"]


def tiny_tokenizer(folder: pathlib.Path) -> dict:
    rows = read_jsonl(HERE / "data" / "synthetic" / "genre-srs.jsonl")
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([normalise(row["text"]) for row in rows]), model_prefix=str(folder / "tiny"),
        model_type="unigram", vocab_size=200, normalization_rule_name="identity", split_digits=True, character_coverage=1.0,
        pad_id=0, unk_id=1, bos_id=2, eos_id=3, pad_piece="[PAD]", unk_piece="[UNK]", bos_piece="[CLS]", eos_piece="[SEP]",
        control_symbols=["[MASK]"], minloglevel=2)
    vocabulary = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tiny.model"))
    for name in ("tiny.model", "tiny.vocab"):
        (folder / name).unlink()
    pieces = [(vocabulary.id_to_piece(i), round(vocabulary.get_score(i), 5)) for i in range(vocabulary.get_piece_size())]
    return tokenizer_json(pieces)


def loss_of(logits: Tensor) -> Tensor:
    targets = (1 - SMOOTHING) * fn.one_hot(TARGET, len(LABELS)).double() + SMOOTHING / len(LABELS)
    weight = CLASS_WEIGHT[TARGET]
    return (weight * -(targets * logits.log_softmax(-1)).sum(-1)).sum() / weight.sum()


def numbers(tensors: dict[str, Tensor]) -> dict:
    return {name: [[round(x, 9) for x in row] if isinstance(row, list) else round(row, 9) for row in value.tolist()]
            for name, value in tensors.items()}


def fresh(weights: dict[str, Tensor], shape: Shape, pooling: str = "mean") -> Classifier:
    model = Classifier(shape, pooling).double().eval()
    model.load_state_dict(weights)
    return model


def gradients(model: Classifier, trainable: dict, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, dict]:
    logits = model(ids, mask)
    loss = loss_of(logits)
    loss.backward()
    return logits, loss, {name: p.grad.clone() if p.grad is not None else torch.zeros_like(p) for name, p in trainable.items()}


def ten_steps(model: Classifier, trainable: dict, ids: Tensor, mask: Tensor) -> list[float]:
    optimizer = torch.optim.AdamW(list(trainable.values()), lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = loss_of(model(ids, mask))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def lora_part(weights: dict, shape: Shape, ids: Tensor, mask: Tensor) -> dict:
    model = fresh(weights, shape)
    trainable = add_lora(model, rank=2, alpha=4.0)
    with torch.no_grad():
        for name, tensor in trainable.items():
            if name.startswith("layer."):
                tensor.data = torch.randn(tensor.shape).mul(0.2).double()
    start = {name: p.detach().clone() for name, p in trainable.items()}
    logits, loss, grads = gradients(model, trainable, ids, mask)
    losses = ten_steps(model, trainable, ids, mask)
    return {"rank": 2, "alpha": 4, "gate": 2, "tensors": numbers({n: t for n, t in start.items() if n.startswith("layer.")}),
            "logits": logits.tolist(), "loss": loss.item(), "gradients": numbers(grads),
            "steps": {"losses": losses, "final": numbers(trainable)}}


def full_part(weights: dict, shape: Shape, ids: Tensor, mask: Tensor, folder: pathlib.Path) -> dict:
    model = fresh(weights, shape)
    trainable = dict(model.named_parameters())
    _, loss, grads = gradients(model, trainable, ids, mask)
    write_safetensors(folder / "gradients.safetensors", grads)
    losses = ten_steps(model, trainable, ids, mask)
    final = {name: trainable[name] for name in ("classifier.weight", "classifier.bias")}
    return {"loss": loss.item(), "steps": {"losses": losses, "final": numbers(final)}}


def main(folder: pathlib.Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(5)
    tokenizer = tiny_tokenizer(folder)
    shape = Shape(len(tokenizer["model"]["vocab"]), 32, 2, 2, 64, 64, 2, 1e-12, len(LABELS))
    model = Classifier(shape)
    with torch.no_grad():
        # Large enough weights that attention and GELU leave their linear range, LayerNorm parameters off 1 and 0.
        for name, p in model.named_parameters():
            p.copy_(torch.randn(p.shape) * (0.1 if p.dim() == 1 else 0.15) + (1.0 if name.endswith("LayerNorm.weight") else 0.0))
    write_folder(folder, model, LABELS, tokenizer)
    weights = {name: tensor.double() for name, tensor in model.state_dict().items()}
    rows, real = pad(encode(Unigram(folder / "tokenizer.json"), TEXTS, 64))
    ids, mask = torch.from_numpy(rows), torch.from_numpy(real)
    pooling = {}
    for kind in ("mean", "cls"):
        one = fresh(weights, shape, kind)
        pooling[kind] = {**numbers({"pooled": one.pool(ids, mask), "logits": one(ids, mask)})}
    logits = fresh(weights, shape)(ids, mask)
    targets = (1 - SMOOTHING) * fn.one_hot(TARGET, len(LABELS)).double() + SMOOTHING / len(LABELS)
    stored = {
        "texts": TEXTS, "ids": rows.tolist(), "mask": real.tolist(), "pooling": pooling,
        "loss": {"target": TARGET.tolist(), "labelSmoothing": SMOOTHING, "targetRow": targets.tolist(),
                 "classWeight": CLASS_WEIGHT.tolist(), "sampleWeight": CLASS_WEIGHT[TARGET].tolist(),
                 "plain": fn.cross_entropy(logits, TARGET).item(), "weightedSmoothed": loss_of(logits).item()},
        "adamw": {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weightDecay": 0.01},
        "lora": lora_part(weights, shape, ids, mask), "full": full_part(weights, shape, ids, mask, folder)}
    (folder / "outputs.json").write_text(json.dumps(stored) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
