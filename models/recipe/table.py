"""results/validation.json: every candidate on the same validation groups, none of which it was trained on.

    python3 models/recipe/table.py first a1 a2 a --linear linear-validation --data DIR --corpus DIR --work DIR
"""

import argparse
import json

from dataset import is_validation, training_rows
from places import HERE, Places, add_places, places_of, say, write_json
from scores import by_source
from supervised import load_classifier, predict
from teachers import load_teacher


def validation_table(places: Places, names: list[str], linear: str | None) -> dict:
    # Sentences that were chosen because a network was unsure say little about what a reader meets.
    held = [row for row in training_rows(places) if is_validation(row) and row.source != "unsure"]
    texts = [row.text for row in held]
    table = {linear: by_source(held, load_teacher(places, linear).predict(texts))} if linear else {}
    for name in names:
        table[name] = by_source(held, predict(places, load_classifier(places.at(f"{name}.pt")), texts))
        say(name, json.dumps(table[name]))
    return table


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_places(parser)
    parser.add_argument("names", nargs="+")
    parser.add_argument("--linear")
    asked = parser.parse_args()
    write_json(HERE / "results" / "validation.json", validation_table(places_of(asked), asked.names, asked.linear))
