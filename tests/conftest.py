"""For every test: idle OpenMP threads sleep, as under the `dimts` command, so that parallel workers do not starve."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("OMP_NUM_THREADS", "1")
