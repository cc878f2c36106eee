"""Writes a Hugging Face folder: config.json, tokenizer.json, model.safetensors (fp32)."""

import argparse
import json
import os
import pathlib
import struct

import numpy as np
import torch

from network import Classifier, Shape
from places import CODES, Places, add_places, places_of, write_json

DTYPES = {np.dtype(np.float32): "F32"}


def write_safetensors(path: pathlib.Path, tensors: dict[str, torch.Tensor]) -> None:
    """8 bytes length, JSON header padded to 8 bytes with blanks, then the tensors one after the other."""
    header, blobs, at = {}, [], 0
    for name, tensor in tensors.items():
        array = np.ascontiguousarray(tensor.detach().cpu().numpy().astype(np.float32))
        header[name] = {"dtype": DTYPES[array.dtype], "shape": list(array.shape), "data_offsets": [at, at + array.nbytes]}
        blobs.append(array.tobytes())
        at += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    part = path.with_name(path.name + ".part")
    with open(part, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        out.writelines(blobs)
    os.replace(part, path)


def config_of(shape: Shape, labels: list[str], pooling: str) -> dict:
    fields = shape.as_dict()
    del fields["labels"]
    return {
        "architectures": ["BertForSequenceClassification"], "model_type": "bert", **fields, "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "initializer_range": 0.02, "pad_token_id": 0,
        "position_embedding_type": "absolute", "id2label": {str(at): name for at, name in enumerate(labels)},
        "label2id": {name: at for at, name in enumerate(labels)}, "nfr_lens_pooling": pooling, "torch_dtype": "float32",
    }


def write_folder(folder: pathlib.Path, model: Classifier, labels: list[str], tokenizer: dict) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", config_of(model.shape, labels, model.pooling))
    write_json(folder / "tokenizer.json", tokenizer)
    write_safetensors(folder / "model.safetensors", model.state_dict())


def export(places: Places, name: str) -> None:
    """The supervised checkpoint `name`.pt as the folder exports/NAME, which `nfr-lens pack --from` turns into a pack."""
    model = Classifier(Shape())
    model.load_state_dict(torch.load(places.at(f"{name}.pt"), map_location="cpu")["model"])
    tokenizer = json.loads(places.at("tokenizer.json").read_text(encoding="utf-8"))
    write_folder(places.at("exports", name, "config.json").parent, model, CODES, tokenizer)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    add_places(parser)
    parser.add_argument("names", nargs="+")
    asked = parser.parse_args()
    for name in asked.names:
        export(places_of(asked), name)
