"""Ge'ez numerals as digits: ፲፰፻፹፯ is 1887.

A numeral is pairs (a ten, a unit) with ፻ (100) and ፼ (10,000) between them: ፻ multiplies the pair before it, ፼ all
that stands before it, total = (total + group) x 10,000; a multiplier that is missing is 1 (፻ = 100, ፼ = 10,000, ፼፼
= 10^8). There is no zero. What breaks off is another number (፩፪ is "1 2"). Values are digit strings: any size, in
linear time.
"""

import re

NUMERALS = "፩-፼"  # inside [ ] of a pattern
_NUMERAL = re.compile(f"[{NUMERALS}]+")
_PAIR = "[፲-፺]?[፩-፱]?"
_GROUP = re.compile(f"(?:({_PAIR})(፻))?({_PAIR})(፼*)")
_VALUES = {char: value for value, char in enumerate("፩፪፫፬፭፮፯፰፱", start=1)}
_VALUES |= {char: value * 10 for value, char in enumerate("፲፳፴፵፶፷፸፹፺", start=1)}


def _pair(letters: str) -> int:
    return sum([_VALUES[letter] for letter in letters])


def _digits(places: list[int]) -> str:
    """Places of base 10,000, the highest first, as digits."""
    return str(places[0]) + "".join([f"{place:04d}" for place in places[1:]])


def numbers(numeral: str) -> list[str]:
    """The digit strings of a run of Ge'ez numeral letters: one, unless the run is not one numeral."""
    found: list[list[int]] = []
    multiplied = False  # the number so far ends with ፼, so a group can be added to it
    for upper, hundred, lower, myriads in _GROUP.findall(numeral):
        group = (_pair(upper) or 1) * 100 * bool(hundred) + _pair(lower)
        if not group and not myriads:
            continue
        if multiplied:
            found[-1][-1] = group
        else:
            found.append([group or 1])
        found[-1] += [0] * len(myriads)
        multiplied = bool(myriads)
    return [_digits(places) for places in found]


def step(text: str) -> str:
    """Write Ge'ez numerals as ASCII digits."""
    return _NUMERAL.sub(lambda run: " ".join(numbers(run[0])), text)
