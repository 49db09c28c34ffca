"""Learning merges: plain byte-free BPE over words that are already cut into symbols.

Ties go to the smaller pair, so that the same words always give the same merges. The surprise: only pairs with at least
one symbol of the language's own may merge, which is what keeps every encoding of the base unchanged.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping

Pair = tuple[str, str]
Word = tuple[str, ...]


class Words:
    """Words as symbols, with the count of every pair that may merge kept up to date."""

    def __init__(self, counts: Mapping[Word, int], own: Callable[[str], bool]) -> None:
        self._words = [list(word) for word in counts]
        self._counts = list(counts.values())
        self._own = own
        self.pairs: Counter[Pair] = Counter()
        self._places: defaultdict[Pair, set[int]] = defaultdict(set)
        for index in range(len(self._words)):
            self._count(index, 1)

    def merge(self, pair: Pair) -> set[Pair]:
        """Join the pair everywhere; the pairs whose count changed."""
        changed: set[Pair] = set()
        for index in self._places.pop(pair, set()):
            changed.update(self._count(index, -1))
            self._words[index] = _joined(self._words[index], pair)
            changed.update(self._count(index, 1))
        return changed

    def _count(self, index: int, sign: int) -> set[Pair]:
        word = self._words[index]
        met = {pair for pair in zip(word, word[1:], strict=False) if self._own(pair[0]) or self._own(pair[1])}
        for pair in zip(word, word[1:], strict=False):
            if pair in met:
                self.pairs[pair] += sign * self._counts[index]
                self._places[pair].add(index)
        return met


def learn(words: Words, known: Collection[Pair], at_least: int) -> Iterator[Pair]:
    """Merges in the order of learning, each the most frequent pair of its time, while it occurs `at_least` times."""
    heap = [(-count, pair) for pair, count in words.pairs.items()]
    heapq.heapify(heap)
    while heap:
        count, pair = heapq.heappop(heap)
        if -count != words.pairs[pair] or pair in known:
            continue
        if -count < at_least:
            return
        yield pair
        for changed in words.merge(pair):
            heapq.heappush(heap, (-words.pairs[changed], changed))


def _joined(word: list[str], pair: Pair) -> list[str]:
    joined: list[str] = []
    index = 0
    while index < len(word):
        if index + 1 < len(word) and (word[index], word[index + 1]) == pair:
            joined.append(pair[0] + pair[1])
            index += 2
        else:
            joined.append(word[index])
            index += 1
    return joined
