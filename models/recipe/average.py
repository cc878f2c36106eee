"""Mean of the weights of runs that started from one checkpoint with different seeds: an ensemble in one network.

Two one-thread runs also use a shared two-core machine better than one run whose threads wait for each other.
"""

import argparse

import torch

from places import Places, add_places, places_of


def average(places: Places, name: str, parts: list[str]) -> None:
    states = [torch.load(places.at(f"{part}.pt"), map_location="cpu")["model"] for part in parts]
    mean = {key: sum(state[key] for state in states) / len(states) for key in states[0]}
    torch.save({"model": mean, "name": name}, places.at(f"{name}.pt"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    add_places(parser)
    parser.add_argument("--name", required=True)
    parser.add_argument("parts", nargs="+")
    asked = parser.parse_args()
    average(places_of(asked), asked.name, asked.parts)
