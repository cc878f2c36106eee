"""Stage 3: initial token embeddings from co-occurrence (positive pointwise mutual information, truncated SVD)."""

import numpy as np
import scipy.sparse
from sklearn.utils.extmath import randomized_svd

from places import Places, say

WINDOW = 5
FIRST_PIECE = 5
# LayerNorm follows the embeddings, and the output projection is tied to them: this spread suits both.
SPREAD = 0.04


def cooccurrence(ids: np.ndarray, offsets: np.ndarray, size: int) -> np.ndarray:
    """Counts[size, size], symmetric; near neighbours count more (1 / distance)."""
    row_of = np.repeat(np.arange(len(offsets) - 1, dtype=np.int32), np.diff(offsets))
    counts = np.zeros(size * size, np.float32)
    for distance in range(1, WINDOW + 1):
        same = row_of[:-distance] == row_of[distance:]
        pairs = ids[:-distance][same].astype(np.int64) * size + ids[distance:][same]
        counts += np.bincount(pairs, minlength=size * size).astype(np.float32) / distance
    counts = counts.reshape(size, size)
    return counts + counts.T


def ppmi(counts: np.ndarray) -> scipy.sparse.csr_matrix:
    """Context distribution smoothed by the power 0.75 (Levy et al. 2015): rare contexts else dominate."""
    total = counts.sum()
    rows = counts.sum(1) / total
    contexts = counts.sum(0) ** 0.75
    contexts /= contexts.sum()
    matrix = scipy.sparse.csr_matrix(counts)
    matrix = matrix.tocoo()
    value = np.log(matrix.data / total / (rows[matrix.row] * contexts[matrix.col]))
    keep = value > 0
    return scipy.sparse.csr_matrix((value[keep], (matrix.row[keep], matrix.col[keep])), shape=counts.shape)


def initial_embeddings(places: Places, size: int, width: int) -> None:
    """embeddings.npy: float32 [size, width], mean 0 and standard deviation SPREAD."""
    target = places.at("embeddings.npy")
    if target.exists():
        return
    corpus = np.load(places.at("corpus.npz"))
    matrix = ppmi(cooccurrence(corpus["ids"], corpus["offsets"], size))
    say("PPMI entries", matrix.nnz)
    left, values, _ = randomized_svd(matrix, width, n_iter=3, random_state=3)
    vectors = left * np.sqrt(values)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-6
    vectors -= vectors[FIRST_PIECE:].mean(0)
    vectors *= SPREAD / vectors[FIRST_PIECE:].std()
    vectors[:FIRST_PIECE] = np.random.default_rng(3).normal(0, SPREAD, (FIRST_PIECE, width))
    np.save(target, vectors.astype(np.float32))
