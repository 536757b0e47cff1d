"""Kills the workers and the parent of studies at random moments, resumes, and compares the bytes.

    python benchmarks/random_kills.py [KILLS] [SEED]

A study of real runs (the exact Bayes classifier on a finite world, about 40 ms a run) is done once
undisturbed. Then it is done again and again while SIGKILL hits a worker (two times of three, where
there is one) or the parent (else; it is then resumed), up to eight seconds after the last, until
KILLS of them have hit. Printed for each study: kills, runs that were acknowledged before a kill and
gone after it (``lost``), and files of the end result that differ (``different``). Exit code 1 if
there is any.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pandas as pd
import psutil

from gigsim.store.store import read_counts

STUDY = """
name = "killed"
base = "default"
replicates = 50
record = ["periods", "retrainings", "collectives"]
[set]
"platform.learner.kind" = "bayes"
"corpus.cells" = 50
"corpus.test_size" = 200
"population.size" = 200
"collective.first_movers" = 10
"measure.bootstrap" = 100
"measure.selection_draws" = 99
"run.periods" = 6
[design]
kind = "grid"
[design.values]
"collective.leak" = [0.0, 0.02, 0.1]
"society.activation" = [0.1, 0.4]
[limits]
repetitions = 50
"""
GIGSIM = str(Path(sys.executable).with_name("gigsim"))
COMMAND = [GIGSIM, "sweep", "--workers", "2", "--no-cache", "--quiet"]
#: What a clock, a machine or the order of work may change.
_FREE = {"timings", "provenance.json", "index.sqlite", ".writers"}


def digests(folder: Path) -> dict[str, str]:
    """For each file of a study that promises the same bytes, what it holds."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    named = {str(file.relative_to(folder)): file for file in files}
    return {
        name: hashlib.sha256(file.read_bytes()).hexdigest()
        for name, file in named.items()
        if Path(name).parts[0] not in _FREE
    }


def start(scratch: Path, folder: Path | None) -> subprocess.Popen[bytes]:
    """A parent, on a new study or on one to go on with."""
    what = [str(scratch / "study.toml"), "--out", str(scratch / "runs")]
    return subprocess.Popen(
        [*COMMAND, *(what if folder is None else ["--resume", str(folder)])],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def study_of(scratch: Path) -> Path | None:
    """The folder that is being worked on, once it is there."""
    return next(iter((scratch / "runs").glob("2*")), None)


def crew(parent: int) -> list[psutil.Process]:
    """The workers of a parent; the helper that Python starts beside them is none."""
    found = []
    # Any of them may have ended a moment ago.
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(parent).children():
            with suppress(psutil.NoSuchProcess):
                if "spawn_main" in " ".join(child.cmdline()):
                    found.append(child)
    return found


def disturbed(scratch: Path, luck: random.Random, most: int) -> tuple[Path, int, int, int]:
    """One study to its end: its folder, kills of workers, kills of the parent, runs lost."""
    workers = parents = lost = 0
    parent = start(scratch, None)
    while True:
        time.sleep(luck.uniform(0, 8))
        if parent.poll() is not None:
            if parent.returncode:
                raise RuntimeError(parent.stderr.read().decode() if parent.stderr else "")
            break
        folder = study_of(scratch)
        if folder is None or workers + parents >= most:
            continue
        if luck.random() < 1 / 3:
            acknowledged = read_counts(folder).finished
            parent.kill()
            parent.wait()
            parents += 1
            lost += max(0, acknowledged - read_counts(folder).finished)
            parent = start(scratch, folder)
        elif busy := crew(parent.pid):
            with suppress(psutil.NoSuchProcess):
                luck.choice(busy).kill()
                workers += 1
    folder = study_of(scratch)
    assert folder is not None
    return folder, workers, parents, lost


def main(kills: int, seed: int) -> int:
    """Print a line a study, and the sums."""
    luck, scratch = random.Random(seed), Path(tempfile.mkdtemp(prefix="gigsim-kills-"))
    (scratch / "study.toml").write_text(STUDY)
    try:
        began = time.perf_counter()
        folder, *_ = disturbed(scratch, luck, 0)
        expected, runs = digests(folder), len(pd.read_parquet(folder / "runs"))
        print(
            f"undisturbed: {runs} runs, {len(expected)} files, {time.perf_counter() - began:.0f} s"
        )
        shutil.rmtree(folder)
        done = [0, 0, 0, 0]
        while done[0] + done[1] < kills:
            folder, workers, parents, lost = disturbed(scratch, luck, kills - done[0] - done[1])
            found = digests(folder)
            different = [
                n for n in expected.keys() | found.keys() if expected.get(n) != found.get(n)
            ]
            print(
                f"killed {workers} workers, {parents} parents: lost {lost}, different {different}"
            )
            done = [
                a + b for a, b in zip(done, (workers, parents, lost, len(different)), strict=True)
            ]
            shutil.rmtree(folder)
        print(
            f"in all {done[0]} workers and {done[1]} parents killed: runs lost {done[2]},"
            f" files different {done[3]}, {time.perf_counter() - began:.0f} s"
        )
        return int(bool(done[2] or done[3]))
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in (sys.argv[1:] + ["100", "1"][len(sys.argv) - 1 :]))))
