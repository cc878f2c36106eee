"""One entry point: python3 models/recipe/make.py --stage NAME [--minutes N] --data DIR --corpus DIR --work DIR

Every stage can be killed and started again; a stage whose result exists does nothing (delete the file to redo it).
`--stage all` runs them in order. Each runs in its own process, with an allocator and thread waits that suit PyTorch on
a shared CPU: without them half of the time goes to page faults and to spinning at barriers.
"""

import argparse
import os
import subprocess
import sys

from corpus import prepare
from embeddings import initial_embeddings
from network import Shape
from places import HERE, Places, add_places, places_of, say
from vocabulary import tokenize_corpus, train_vocabulary, write_tokenizer

ENVIRONMENT = {
    "MALLOC_MMAP_THRESHOLD_": "4000000000", "MALLOC_TRIM_THRESHOLD_": "8000000000", "MALLOC_TOP_PAD_": "268435456",
    "MALLOC_ARENA_MAX": "1", "GOMP_SPINCOUNT": "10000",
}
SUPERVISED = ["supervised.py", "--name"]
ON_FIRST = ["--start", "first.pt", "--soft", "soft", "--seed"]
# stage -> (file that it makes, program and arguments, minutes where none are given)
STAGES: dict[str, tuple[str, list[str], float | None]] = {
    "prepare": ("embeddings.npy", [], None),
    "pretrain": ("", ["pretrain.py"], 120),
    "cool": ("pretrain-cool.pt", ["pretrain.py", "--cool"], 15),
    "linear": ("linear-validation.pkl", ["teachers.py", "--name", "linear-validation", "--validate"], None),
    "first": ("first.pt", [*SUPERVISED, "first", "--start", "pretrain-cool.pt", "--seed", "61", "--validate"], 15),
    "soft": ("soft.npz", ["unlabelled.py", "--networks", "first"], None),
    "a": ("a.pt", [*SUPERVISED, "a", *ON_FIRST, "11", "--validate"], 21),
    "c": ("c.pt", [*SUPERVISED, "c", *ON_FIRST, "12", "--validate"], 22),
    "b": ("b.pt", [*SUPERVISED, "b", *ON_FIRST, "12"], 23),
    "mean": ("mean.pt", ["average.py", "--name", "mean", "a", "c"], None),
    "final": ("final.pt", ["average.py", "--name", "final", "a", "b"], None),
    "table": ("", ["table.py", "first", "a", "c", "mean", "--linear", "linear-validation"], None),
    "export": ("", ["export.py", "mean", "final"], None),
}


def prepare_all(places: Places) -> None:
    prepare(places)
    train_vocabulary(places)
    write_tokenizer(places)
    tokenize_corpus(places)
    initial_embeddings(places, Shape().vocab_size, Shape().hidden_size)


def run_stage(places: Places, stage: str, minutes: float | None) -> None:
    product, command, usual = STAGES[stage]
    if product and places.at(product).exists():
        say(stage, "is done:", places.at(product))
        return
    if stage == "prepare":
        prepare_all(places)
        return
    folders = ["--data", str(places.data), "--corpus", str(places.corpus), "--work", str(places.work)]
    budget = [] if usual is None else ["--minutes", str(minutes or usual)]
    say("stage", stage)
    program = [sys.executable, str(HERE / command[0]), *command[1:], *folders, *budget]
    subprocess.run(program, check=True, env={**ENVIRONMENT, **os.environ})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", choices=[*STAGES, "all"], default="all")
    parser.add_argument("--minutes", type=float)
    add_places(parser)
    asked = parser.parse_args()
    for name in STAGES if asked.stage == "all" else [asked.stage]:
        run_stage(places_of(asked), name, asked.minutes)
