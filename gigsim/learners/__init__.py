"""What a platform's classifier can be."""

import time

#: When this process began to read this package's sources, ns since 1970 (``fingerprint`` says why).
IMPORTED = time.time_ns()
