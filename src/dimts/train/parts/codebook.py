"""How codes learn: each follows a running mean of what falls on it, in fp32; unused ones start again at what is heard.

After van den Oord et al. 2017 (arXiv 1711.00937), appendix A.1.
"""

# W code width, N codes of an update, C codes in the book

import random

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from dimts.config import Dvae
from dimts.model.dvae import Codebook

BEGUN = 0.2  # of a fair share: what a code that starts is taken to be used
SPARE = 1e-5  # uses: a code that is used less stays where it is, as its mean is lost to rounding


@torch.no_grad()
def follow(book: Codebook, encoded_NW: Tensor, codes_N: Tensor, settings: Dvae, seed: str) -> None:
    """Move each code to the running mean of what falls on it; start again what is hardly used.

    What `seed` names is which places are started at.
    """
    fallen_NC = one_hot(codes_N, book.embed.shape[1]).to(encoded_NW.dtype)
    book.cluster_size.lerp_(fallen_NC.sum(0), 1 - settings.decay)
    book.embed_avg.lerp_(encoded_NW.T @ fallen_NC, 1 - settings.decay)
    book.embed.copy_(torch.where(book.cluster_size > SPARE, book.embed_avg / book.cluster_size, book.embed))
    fair = len(codes_N) / book.embed.shape[1]
    begin(book, encoded_NW, book.cluster_size < settings.restart_below * fair, settings.restart_below, seed)


@torch.no_grad()
def begin(book: Codebook, encoded_NW: Tensor, which_C: Tensor, restart_below: float, seed: str) -> None:
    """Put some codes where something was just heard, each elsewhere as far as there are places."""
    starting_C = which_C.nonzero()[:, 0]
    if not len(starting_C):
        return
    generator = torch.Generator().manual_seed(random.Random(seed).getrandbits(63))
    places_N = torch.randperm(len(encoded_NW), generator=generator)
    places_C = places_N.repeat(-(-len(starting_C) // len(places_N)))[: len(starting_C)].to(encoded_NW.device)
    used = max(BEGUN, 2 * restart_below) * len(encoded_NW) / book.embed.shape[1]
    book.embed[:, starting_C] = encoded_NW[places_C].T
    book.embed_avg[:, starting_C] = encoded_NW[places_C].T * used
    book.cluster_size[starting_C] = used
