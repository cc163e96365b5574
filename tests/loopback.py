"""Addresses of this test process in 127.0.0.0/8, so that the workers of a run, and two runs, keep apart."""

import os

# 127.NET.0.0/16; the lower nets belong to the demo and to the benches.
NET = 100 + os.getpid() % 150
