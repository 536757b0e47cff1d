"""Reading the published resume archive (Jiechieu and Tsopze 2020) as a corpus.

The archive holds ``NNNNN.txt`` (one resume) and ``NNNNN.lab`` (its labels, one a line, possibly
none) for each resume. It is read in memory, member by member; nothing is unpacked to disk.

The corpus keeps no file name and does not keep the archive's order, which is by label: resumes are
sorted by the digest of their clean text. So the same resumes give the same bytes however the
archive was packed.
"""

from __future__ import annotations

import hashlib
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from gigsim.errors import InputError
from gigsim.resumes.cleaning import PERSONAL_KINDS, Cleaned, clean
from gigsim.resumes.corpus import OCCUPATIONS, Corpus, ragged_index
from gigsim.resumes.duplicates import near_duplicate_clusters
from gigsim.resumes.split import content_digest, split_by_cluster

#: Uncompressed sizes beyond which an archive is not the published one (171 MB; largest member
#: 88 kB) but a mistake or a bomb.
MAX_MEMBER_BYTES = 4 << 20
MAX_TOTAL_BYTES = 2 << 30

_ALLOWED = "the published archive is needed: a zip of NNNNN.txt and NNNNN.lab files"
