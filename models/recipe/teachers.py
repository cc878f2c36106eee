"""Stage 5: a linear teacher on word and character n-grams and mean PPMI vectors; it sees what the small encoder forgets."""

import argparse
import pickle

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from corpus import normalise
from dataset import Row, is_validation, training_rows
from places import CODES, Places, add_places, places_of, say, write_json
from scores import by_source
from unigram import Unigram
from vocabulary import encode

VECTOR_SCALE = 1.5


class LinearTeacher:
    def __init__(self, places: Places) -> None:
        self.tokenizer = places.at("tokenizer.json")
        vectors = np.load(places.at("embeddings.npy"))
        self.vectors = vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9)
        self.words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, preprocessor=normalise)
        self.chars = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=4, sublinear_tf=True,
                                     preprocessor=normalise, max_features=120_000)
        self.model = LogisticRegression(C=6.0, max_iter=60)

    def mean_vectors(self, texts: list[str]) -> np.ndarray:
        """Mean unit vector of the pieces, rare pieces counting more: [texts, 256]."""
        rows = encode(Unigram(self.tokenizer), texts)
        out = np.zeros((len(rows), self.vectors.shape[1]), np.float32)
        for at, ids in enumerate(rows):
            pieces = np.array(ids[1:-1] or [1])
            weight = np.minimum(1.0, pieces / 500.0)[:, None] + 0.05
            mean = (self.vectors[pieces] * weight).sum(0)
            out[at] = mean / (np.linalg.norm(mean) + 1e-9)
        return out

    def features(self, texts: list[str], fit: bool = False) -> sp.csr_matrix:
        words = self.words.fit_transform(texts) if fit else self.words.transform(texts)
        chars = self.chars.fit_transform(texts) if fit else self.chars.transform(texts)
        return sp.hstack([words, chars, sp.csr_matrix(self.mean_vectors(texts) * VECTOR_SCALE)]).tocsr()

    def fit(self, rows: list[Row]) -> "LinearTeacher":
        self.model.fit(self.features([row.text for row in rows], fit=True), [row.label for row in rows],
                       sample_weight=[row.weight for row in rows])
        say("linear teacher fitted on", len(rows))
        return self

    def predict(self, texts: list[str]) -> np.ndarray:
        """Probabilities [texts, 13]."""
        out = np.zeros((len(texts), len(CODES)), np.float32)
        out[:, self.model.classes_] = self.model.predict_proba(self.features(texts))
        return out


def save_teacher(places: Places, teacher: LinearTeacher, name: str) -> None:
    with open(places.at(f"{name}.pkl"), "wb") as out:
        pickle.dump(teacher, out)


def load_teacher(places: Places, name: str) -> LinearTeacher:
    with open(places.at(f"{name}.pkl"), "rb") as stored:
        return pickle.load(stored)


def run(places: Places, name: str, validate: bool) -> None:
    rows = training_rows(places)
    teacher = LinearTeacher(places).fit([row for row in rows if not (validate and is_validation(row))])
    save_teacher(places, teacher, name)
    if validate:
        held = [row for row in rows if is_validation(row)]
        table = by_source(held, teacher.predict([row.text for row in held]))
        write_json(places.at("results", f"{name}.json"), {"name": name, "scores": table})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    add_places(parser)
    parser.add_argument("--name", default="linear")
    parser.add_argument("--validate", action="store_true")
    asked = parser.parse_args()
    # By its module name, or the pickle would look for LinearTeacher in whatever program is running.
    import teachers

    teachers.run(places_of(asked), asked.name, asked.validate)
