"""The XTTS v2 network in plain PyTorch, with official parameter names."""
