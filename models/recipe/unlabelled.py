"""Stage 6: sentences of the corpus that look like statements, with soft labels of the teachers, thinned to a balance."""

import argparse
import random
import re

import numpy as np

from corpus import SENTENCE
from places import CODES, Places, add_places, places_of, say
from supervised import load_classifier, predict
from teachers import load_teacher

BINDING = re.compile(r"\b(shall|must|should|will|may|can|cannot|needs?|requires?|required|supports?|provides?|allows?|ensures?|"
                     r"prevents?|avoid|recommended|responsible|designed)\b")
CANDIDATES = 120_000
PER_CLASS = 5_000


def candidates(places: Places) -> list[str]:
    """Seeded sample of sentences of 6 to 45 words with a binding verb; corpus.txt already lacks everything tested."""
    found: set[str] = set()
    with open(places.at("corpus.txt"), encoding="utf-8") as lines:
        for line in lines:
            for sentence in SENTENCE.split(line.strip()):
                if 6 <= sentence.count(" ") + 1 <= 45 and BINDING.search(sentence):
                    found.add(sentence)
    say("candidate sentences", len(found))
    return random.Random(8).sample(sorted(found), min(CANDIDATES, len(found)))


def thin(probabilities: np.ndarray) -> np.ndarray:
    """Row numbers: for each class a seeded choice of at most PER_CLASS rows; the unsure ones teach the borders."""
    best, rng = probabilities.argmax(1), np.random.default_rng(8)
    keep = [rng.permutation(np.flatnonzero(best == at))[:PER_CLASS] for at in range(len(CODES))]
    return np.sort(np.concatenate(keep))


def label(places: Places, name: str, linear: str, networks: list[str]) -> None:
    """`name`.npz: texts and the mean of the teachers' probabilities."""
    texts = candidates(places)
    votes = [load_teacher(places, linear).predict(texts)]
    first = thin(votes[0])
    texts, votes = [texts[i] for i in first], [votes[0][first]]
    for network in networks:
        say("teacher", network)
        votes.append(predict(places, load_classifier(places.at(f"{network}.pt")), texts))
    mean = np.mean(votes, axis=0)
    np.savez_compressed(places.at(f"{name}.npz"), texts=np.array(texts), probabilities=mean.astype(np.float16))
    counts = np.bincount(mean.argmax(1), minlength=len(CODES))
    say("soft labels", dict(zip(CODES, counts.tolist())))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    add_places(parser)
    parser.add_argument("--name", default="soft")
    parser.add_argument("--linear", default="linear-validation")
    parser.add_argument("--networks", nargs="*", default=[])
    asked = parser.parse_args()
    label(places_of(asked), asked.name, asked.linear, asked.networks)
