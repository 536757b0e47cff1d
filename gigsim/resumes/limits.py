"""Sizes beyond which a source of resumes is a mistake or a bomb, whatever its form.

The published archive has 24,841 resumes, 137 MB in all, 88 kB the largest, packed at 2 : 1 (its
most repetitive member at 9 : 1): each limit is far from it and far from exhausting a machine.
"""

from __future__ import annotations

#: Bytes of one resume.
RESUME_BYTES = 4 << 20
#: Bytes of one line or one row with all its columns.
RECORD_BYTES = 16 << 20
#: Bytes of a whole source, uncompressed.
TOTAL_BYTES = 2 << 30
#: Resumes in a source.
RESUMES = 1_000_000
#: Files and folders in an extracted folder, and how deep they lie.
ENTRIES = 3_000_000
DEPTH = 32
#: Bytes of a zip's directory; 400,000 resumes' names fit.
DIRECTORY_BYTES = 64 << 20
#: Uncompressed over compressed bytes, of anything that is larger than ``RATIO_FROM`` bytes.
RATIO = 100
RATIO_FROM = 256 << 10
#: Share of a resume's bytes that may be control characters or undefined; honest ones reach .003.
BINARY_SHARE = 0.05
#: Labels of a table: a label set is kept as the bits of a signed 64-bit number.
LABELS = (2, 62)
#: Characters of a label.
LABEL_LENGTH = 100
#: Labels, repeats included, that one resume may have.
LABELS_A_RESUME = 1_000
