"""One split into a training and a test side, by near-duplicate cluster, fixed by a hash.

There is nothing to seed: a cluster's side depends on the content of its own resumes alone, so it is
the same whatever the files are called, in which order they come and which other resumes there are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Expected share of the clusters on the test side: leaves the training side of the published
#: archive (24,841 resumes) just over 20,000.
TEST_SHARE = 0.19


def content_digest(text: str) -> bytes:
    """A resume's identity: 16 bytes of BLAKE2b of its clean text (UTF-8)."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def on_test_side(key: bytes, test_share: float = TEST_SHARE) -> bool:
    """Whether the cluster with this key is never trained on: BLAKE2b(key) / 2^64 < share."""
    value = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big")
    return value < test_share * 2**64


def split_by_cluster(
    digests: Sequence[bytes], clusters: NDArray[np.int64], test_share: float = TEST_SHARE
) -> NDArray[np.bool_]:
    """Side of each resume; a cluster's key is the smallest digest among its members.

    Args:
        digests: content digest of each resume, length n.
        clusters: int64, shape (n,): near-duplicates share a number.
        test_share: expected share of clusters on the test side, in [0, 1].

    Returns:
        bool, shape (n,): True on the test side; constant within a cluster.
    """
    keys: dict[int, bytes] = {}
    for cluster, digest in zip(clusters.tolist(), digests, strict=True):
        keys[cluster] = min(digest, keys.get(cluster, digest))
    sides = {cluster: on_test_side(key, test_share) for cluster, key in keys.items()}
    return np.array([sides[cluster] for cluster in clusters.tolist()], dtype=np.bool_)
