"""Writes test/fixtures/tokenizer-golden.json: own statements with the ids that training saw.

    python3 models/recipe/tokenizer_golden.py test/fixtures/tokenizer-golden.json --work DIR
"""

import argparse
import json
import pathlib
import random

from places import HERE, add_places, places_of, read_jsonl
from vocabulary import encode, load_vocabulary

ODD = ["", "  Blanks \t and\nbreaks  ", "ﬁle № 5 costs ½ of ①", "REQ-12: The system shall… “quote” — dash", "99.99 % of 1,000 req/s",
       "naïve café, Straße, ÜBER", "日本語 の 要件", "ok 👍 done", "a" * 60, "Path C:\\temp\\x_1.log and https://example.org/?a=b&c=d"]

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=pathlib.Path)
    add_places(parser)
    asked = parser.parse_args()
    rows = [row for path in sorted((HERE / "data" / "synthetic").glob("*.jsonl")) for row in read_jsonl(path)]
    texts = [row["text"] for row in random.Random(9).sample(rows, 190)] + ODD
    ids = encode(load_vocabulary(places_of(asked)), texts)
    lines = [json.dumps({"text": text, "ids": row}, ensure_ascii=False) for text, row in zip(texts, ids)]
    asked.target.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
