"""Where the recipe reads and writes: three folders given by the user, nothing else on the disk."""

import argparse
import json
import os
import pathlib
import sys
import time
from dataclasses import dataclass

CODES = ["F", "A", "FT", "L", "LF", "MN", "O", "PE", "PO", "SC", "SE", "US", "none"]
HERE = pathlib.Path(__file__).resolve().parent


@dataclass(frozen=True)
class Places:
    """data: public sets (see README.md). corpus: folder of technical-docs.jsonl.xz. work: checkpoints, not in git."""

    data: pathlib.Path
    corpus: pathlib.Path
    work: pathlib.Path

    def at(self, *parts: str) -> pathlib.Path:
        path = self.work.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def add_places(parser: argparse.ArgumentParser) -> None:
    """The same three options for every program; each falls back to an environment variable."""
    cache = pathlib.Path.home() / ".cache" / "nfr-lens-recipe"
    parser.add_argument("--data", default=os.environ.get("NFR_RECIPE_DATA", "data"))
    parser.add_argument("--corpus", default=os.environ.get("NFR_RECIPE_CORPUS", "corpus"))
    parser.add_argument("--work", default=os.environ.get("NFR_RECIPE_WORK", str(cache)))


def places_of(args: argparse.Namespace) -> Places:
    return Places(pathlib.Path(args.data), pathlib.Path(args.corpus), pathlib.Path(args.work))


def read_jsonl(path: pathlib.Path) -> list[dict]:
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def write_json(path: pathlib.Path, value: object) -> None:
    """Whole file or none: a killed stage must not leave half a file that the next one trusts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(part, path)


def say(*words: object) -> None:
    print(time.strftime("%H:%M:%S", time.gmtime()), *words, file=sys.stderr, flush=True)
