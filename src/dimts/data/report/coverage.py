"""The part of a report that shows letters: Ethiopic syllables as a chart, other characters in a row."""

import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from dimts.data.report.letters import RARE_CLIPS, Character, Row
from dimts.data.report.markup import Markup, tag
from dimts.data.report.numbers import Report
from dimts.data.report.wording import count

MOST_SHOWN = 150  # characters in a row; Chinese has thousands
ORDERS = ("ä", "u", "i", "a", "e", "ɨ", "o", "ʷa")
DARKEST, LIGHTEST = 0.5, 0.06  # of a syllable's ground


def coverage(report: Report) -> Iterator[Markup]:
    """Show which characters the clips hold, and name the rare ones."""
    found = report.coverage
    rare, untrained, missing = found.rare, found.untrained, found.missing
    said = f"{count(len(found.characters), 'character')} in what the network reads; {len(rare):,} of them in fewer than"
    yield tag("p", f"{said} {RARE_CLIPS} clips, and what is seldom met is learned badly. Numbers are clips.")
    if found.rows:
        yield from _chart(found.rows, missing, len(found.expected))
    if rare:
        yield tag("h3", f"In fewer than {RARE_CLIPS} clips, rarest first")
        yield _row(rare[::-1])
    if untrained:
        yield tag("h3", "Only in clips that are held back: training never meets them")
        yield _row(untrained)
    shown = {each.character for row in found.rows for each in row.syllables if each}
    others = [each for each in found.characters if not each.rare and each.character not in shown]
    if others:
        yield tag("h3", f"{'Other' if found.rows else 'All other'} characters")
        yield _row(others)


def _chart(rows: Sequence[Row], missing: Sequence[Character], expected: int) -> Iterator[Markup]:
    yield tag("h3", "Syllables")
    said = f"{expected - len(missing):,} of the {expected:,} that the language writes are there."
    gone = f" No clip has {' '.join(each.character for each in missing)}." if missing else ""
    yield tag("p", f"{said}{gone} Orange: in fewer than {RARE_CLIPS} clips; red: in none.")
    most = max((each.clips for row in rows for each in row.syllables if each), default=1)
    half = -(-len(rows) // 2)
    halves = (rows[:half], rows[half:])
    yield tag("div", *(_table(some, most) for some in halves if some), class_="chart")


def _table(rows: Iterable[Row], most: int) -> Markup:
    head = tag("tr", *(tag("th", order) for order in ORDERS))
    return tag("table", head, *(tag("tr", *(_cell(each, most) for each in row.syllables)) for row in rows))


def _cell(each: Character | None, most: int) -> Markup:
    """One syllable: the more clips, the darker."""
    if each is None:
        return tag("td")
    much = LIGHTEST + (DARKEST - LIGHTEST) * math.log1p(each.clips) / math.log1p(most) if each.clips else 0
    kind = None if not each.rare else "rare" if each.clips else "never"
    number = tag("small", f"{each.clips:,}")
    return tag("td", each.character, number, class_=kind, style=f"--much:{much:.2f}" if much else None, title=each.name)


def _row(characters: Sequence[Character]) -> Markup:
    shown = [_item(each) for each in characters[:MOST_SHOWN]]
    if rest := len(characters) - len(shown):
        shown.append(tag("li", f"and {rest:,} more"))
    return tag("ul", *shown, class_="letters")


def _item(each: Character) -> Markup:
    """One character; those that nobody sees alone stand on a ring or as their number."""
    kind = unicodedata.category(each.character)
    seen = f"◌{each.character}" if kind.startswith("M") else each.character
    seen = each.name.partition(" ")[0] if kind in ("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp") else seen
    return tag("li", seen, tag("small", f"{each.clips:,}"), class_="rare" if each.rare else None, title=each.name)
