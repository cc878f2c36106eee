"""Mean of the weights of runs that started from one checkpoint with different seeds: an ensemble in one network.

Two one-thread runs also use a shared two-core machine better than one run whose threads wait for each other.
"""

import argparse
import json

import torch

from dataset import is_validation, training_rows
from places import CODES, Places, add_places, places_of, say, write_json
from scores import by_source
from supervised import load_classifier, predict


def average(places: Places, name: str, parts: list[str], validate: bool) -> None:
    states = [torch.load(places.at(f"{part}.pt"), map_location="cpu")["model"] for part in parts]
    mean = {key: sum(state[key] for state in states) / len(states) for key in states[0]}
    torch.save({"model": mean, "name": name}, places.at(f"{name}.pt"))
    if validate:
        held = [row for row in training_rows(places) if is_validation(row)]
        write_json(places.at("validation.json"), [{"text": row.text, "label": CODES[row.label], "group": row.group, "source": row.source}
                                                  for row in held])
        probabilities = predict(places, load_classifier(places.at(f"{name}.pt")), [row.text for row in held])
        table = by_source(held, probabilities)
        write_json(places.at("results", f"{name}.json"), {"name": name, "parts": parts, "scores": table})
        say(json.dumps(table))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    add_places(parser)
    parser.add_argument("--name", required=True)
    parser.add_argument("--validate", action="store_true")
    parser.add_argument("parts", nargs="+")
    asked = parser.parse_args()
    average(places_of(asked), asked.name, asked.parts, asked.validate)
