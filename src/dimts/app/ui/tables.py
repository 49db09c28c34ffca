"""Tables as HTML: the first column names the row, the others are numbers unless said otherwise."""

from collections.abc import Sequence

from dimts.data.report.markup import Markup, tag


def table(
    rows: Sequence[Sequence[str]], titles: Sequence[str] = (), caption: str = "", words: Sequence[int] = ()
) -> Markup:
    """Give a table that scrolls by itself where it is too wide; `words` are columns of text. Nothing without rows."""
    if not rows:
        return Markup("")
    kinds = [None if place == 0 or place in words else "number" for place in range(len(rows[0]))]
    head = [tag("th", title, scope="col", class_=kind) for title, kind in zip(titles, kinds, strict=False)]
    body = [
        tag("tr", tag("th", row[0], scope="row"),
            *(tag("td", cell, class_=kind) for cell, kind in zip(row[1:], kinds[1:], strict=True)))
        for row in rows
    ]  # fmt: skip
    parts = [tag("caption", caption)] * bool(caption) + [tag("thead", tag("tr", *head))] * bool(head)
    return tag("div", tag("table", *parts, tag("tbody", *body), class_="facts"), class_="wide")
