"""Numbers that steer the recipe; the ones that are shipped come from the product's own evaluation."""

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.metrics import f1_score

from dataset import Row
from places import CODES

NONE = CODES.index("none")


def class_scores(probabilities: np.ndarray, labels: np.ndarray, classes: list[int]) -> dict:
    """F1 over `classes` only; predictions are the best of those classes."""
    keep = np.isin(labels, classes)
    guess = np.array(classes)[probabilities[keep][:, classes].argmax(1)]
    present = sorted(set(labels[keep].tolist()))
    return {"rows": int(keep.sum()), "weighted": round(f1_score(labels[keep], guess, average="weighted", labels=present), 4),
            "macro": round(f1_score(labels[keep], guess, average="macro", labels=present), 4)}


def functional_score(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Macro F1 of F against the eleven others, `none` left out."""
    guess = probabilities[:, 1:NONE].sum(1) > probabilities[:, 0]
    return round(f1_score(labels != 0, guess, average="macro"), 4)


def none_score(probabilities: np.ndarray, labels: np.ndarray) -> dict:
    guess = probabilities.argmax(1) == NONE
    f1 = f1_score(labels == NONE, guess, average=None, labels=[False, True])
    return {"requirement": round(f1[0], 4), "none": round(f1[1], 4)}


def log_loss(probabilities: np.ndarray, labels: np.ndarray) -> dict:
    """Over all classes, at the temperature that suits these rows best. It tells networks apart that F1 on a few hundred rows cannot,
    and shows when further steps make one surer without making it more often right."""
    logits = np.log(probabilities + 1e-12)

    def at(temperature: float) -> float:
        scaled = logits / temperature
        scaled -= scaled.max(1, keepdims=True)
        return float((np.log(np.exp(scaled).sum(1)) - scaled[np.arange(len(labels)), labels]).mean())

    best = minimize_scalar(at, bounds=(0.3, 5), method="bounded")
    return {"loss": round(best.fun, 4), "temperature": round(best.x, 2)}


def by_source(rows: list[Row], probabilities: np.ndarray) -> dict:
    """One line of the validation table: classes without none, F or not, log-loss, none or not, for each source."""
    table = {}
    for source in sorted({row.source for row in rows}):
        at = [i for i, row in enumerate(rows) if row.source == source]
        labels = np.array([rows[i].label for i in at])
        here = probabilities[at]
        table[source] = class_scores(here, labels, list(range(NONE)))
        real = labels != NONE
        table[source]["functional"] = functional_score(here[real], labels[real])
        table[source]["log_loss"] = log_loss(here, labels)
        if (~real).any():
            table[source]["none"] = none_score(here, labels)
    return table
