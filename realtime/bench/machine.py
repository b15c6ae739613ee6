"""What the machine can do at most, and how fast the paper's network runs on it: what a style is measured against."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

import numpy as np

YARDSTICK_SIZE = (480, 640)
"""Frame size, (height, width), of the yardstick."""

_JOHNSON = """
import sys, time, torch
from training.generators import build
torch.set_num_threads(int(sys.argv[1]))
network, frame = build("johnson").eval(), torch.rand(1, 3, 480, 640)
with torch.inference_mode():
    for turn in range(4):
        began = time.perf_counter()
        network(frame)
        print(time.perf_counter() - began)
"""


def johnson_ms(threads: int) -> float | None:
    """Milliseconds a 640x480 frame of Johnson 2016's network takes in eager torch; None where torch isn't installed.

    In a process of its own, for the live side never loads torch; the first of its frames doesn't count.
    """
    command = [sys.executable, "-c", _JOHNSON, str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    return median(float(line) for line in done.stdout.split()[1:]) * 1000


def matrix_product_gmacs() -> float:
    """Billions of multiplications and additions a second in a float32 matrix product: the roof of the roofline.

    All that a processor has to give in float32; in bfloat16 some have twice as much.
    """
    a = np.ones((1024, 1024), np.float32)
    out = np.empty_like(a)
    took = []
    for _ in range(8):
        began = time.perf_counter()
        np.matmul(a, a, out)
        took.append(time.perf_counter() - began)
    return float(len(a) ** 3 / min(took) / 1e9)
