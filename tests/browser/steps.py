"""What a person does on the page, in one line each."""

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from dimts.app.ui import words

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

TABS = ("Data", "Text", "Train", "Compare", "Speak", "Export", "System")
WIDTHS = {390: 844, 1440: 900}  # pixels, and the height that goes with it
PATIENCE_MS = 60_000  # as for everything else: a busy machine takes its time
SHOTS = Path(__file__).parents[2] / "build" / "screenshots"  # to be looked at; not kept
OVERLAPS = """() => {
  const kinds = 'button, input, textarea, audio, progress, table, svg[role=img], .card > p';
  const shown = [...document.querySelectorAll(kinds)]
    .filter(e => e.offsetParent !== null && e.getClientRects().length)
    .map(e => [e, e.getBoundingClientRect()]).filter(([e, r]) => r.width > 1 && r.height > 1);
  const found = [];
  for (let i = 0; i < shown.length; i++) for (let j = i + 1; j < shown.length; j++) {
    const [a, p] = shown[i], [b, q] = shown[j];
    if (a.contains(b) || b.contains(a)) continue;
    if (a.closest('[role=slider], .wrap, .upload-container') && a.closest('.block') === b.closest('.block')) continue;
    const w = Math.min(p.right, q.right) - Math.max(p.left, q.left);
    const h = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    const named = e => `${e.tagName} ${e.id || e.innerText}`.slice(0, 60);
    if (w > 2 && h > 2) found.push(`${named(a)} / ${named(b)}`);
  }
  return found;
}"""
PALE = """() => {
  const parse = c => { const n = c.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const light = c => { const [r, g, b] = c.slice(0, 3).map(v => v / 255)
    .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > .9) return c; } return [255, 255, 255, 1]; };
  const found = new Set();
  for (const e of document.querySelectorAll('main *')) {
    const own = [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.textContent.trim()).join('');
    if (!own || e.offsetParent === null || e.closest('svg, [disabled]') || getComputedStyle(e).opacity < 1) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) found.add(`${e.tagName} ${own.slice(0, 40)} ${ratio.toFixed(1)}`);
  }
  return [...found];
}"""
UNNAMED = """() => [...document.querySelectorAll('main :is(button, input, textarea, audio, progress)')]
  .filter(e => e.offsetParent !== null && e.getBoundingClientRect().width > 1 && e.type !== 'file')
  .filter(e => ![e.ariaLabel, e.title, e.innerText, e.labels?.[0]?.innerText, e.closest('label')?.innerText,
    e.getAttribute('aria-labelledby')].some(name => name?.trim()))
  .map(e => e.outerHTML.slice(0, 150))"""
BOXES = """(sign) => {
  const draw = text => { const c = document.createElement('canvas'); const g = c.getContext('2d');
    g.font = '30px ' + getComputedStyle(document.querySelector('#title h1')).fontFamily; g.fillText(text, 5, 40);
    return c.toDataURL(); };
  return draw(sign) === draw('\\u{10ABCD}');
}"""


def open_project(page: "Page", url: str, name: str, language: str = "en") -> None:
    """Open the page at a project and wait until it shows it."""
    page.goto(f"{url}/{language}/?project={name}")
    page.locator("#project input").wait_for()
    page.wait_for_function("name => document.querySelector('#project input')?.value === name", arg=name)


def create(page: "Page", url: str, name: str) -> None:
    """Create a project."""
    page.goto(f"{url}/en/")
    page.locator("#new-name").locator("input, textarea").fill(name)
    page.locator("#create").click()
    page.wait_for_function("name => document.querySelector('#project input')?.value === name", arg=name)


def tab(page: "Page", name: str) -> None:
    """Open a tab, also where it is behind the menu of a narrow page."""
    wanted = page.get_by_role("tab", name=name, exact=True)
    menu = page.locator(".overflow-menu > button").filter(visible=True)
    wanted.or_(menu).filter(visible=True).first.wait_for()  # tabs move behind the menu when their widths are known
    page.wait_for_timeout(200)
    if not wanted.first.is_visible():
        page.locator(".overflow-menu > button").click()
        page.locator(".overflow-dropdown").get_by_text(name, exact=True).click()
    else:
        wanted.first.click()


def choose(page: "Page", field: str, option: str) -> None:
    """Choose from a dropdown."""
    page.locator(f"#{field} input").click()
    page.get_by_role("option", name=option, exact=True).click()


def more_settings(page: "Page") -> None:
    """Open the further settings of a tab; what is written before they are drawn would be lost."""
    page.get_by_text("More settings").filter(visible=True).click()
    page.wait_for_timeout(500)


def write(page: "Page", field: str, text: str) -> None:
    """Write into a field."""
    page.locator(f"#{field}").locator("textarea, input").first.fill(text)


def read_sentence(page: "Page", sentence: str, shows: str) -> None:
    """Let a sentence be read; again where a tab that was just opened, on a busy machine, did not take it."""
    from playwright.sync_api import TimeoutError

    steps = page.locator("#read-steps", has_text=shows)
    for _ in range(3):
        write(page, "sentence", sentence)
        page.locator("#read").click()
        with suppress(TimeoutError):
            return steps.wait_for(timeout=PATIENCE_MS / 3)
    return steps.wait_for()


def upload(page: "Page", files: Sequence[Path]) -> None:
    """Upload recordings."""
    page.locator("#upload input[type=file]").set_input_files([str(path) for path in files])


def notice(page: "Page", words: str) -> None:
    """Wait for a sentence in the notice."""
    from playwright.sync_api import expect

    expect(page.locator("#notice")).to_contain_text(words, timeout=PATIENCE_MS)


def job(page: "Page", kind: str, state: str) -> "Locator":
    """Wait until the card of a job is in a state; fail at once when it failed unasked."""
    from playwright.sync_api import expect

    card = page.locator(".card", has_text=re.compile(rf"\b{kind}\b")).filter(visible=True).first
    wanted = (state,) if state == "failed" else (state, "failed")
    expect(card.locator(".state")).to_have_text(re.compile("|".join(wanted)), timeout=120_000)
    assert card.locator(".state").inner_text() == state, card.inner_text()
    return card


def look(page: "Page", name: str) -> None:
    """Take a picture to be looked at; nothing may overlap, run out of the page, be too pale to read, or be nameless."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(300)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
    assert page.evaluate(OVERLAPS) == [], name
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than the screen"
    assert page.evaluate(PALE) == [], f"{name}: less than 4.5 to 1"
    assert page.evaluate(UNNAMED) == [], f"{name}: nothing that a screen reader could say"
    assert not page.evaluate(BOXES, "ድ"), "no font for Ethiopic: apt install fonts-sil-abyssinica"


def look_everywhere(page: "Page", url: str, name: str) -> None:
    """Look at every tab: in both languages, on a phone and on a desk."""
    for language in words.LANGUAGES:
        say = words.of(language)
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            open_project(page, url, name, language)
            for title in TABS:
                tab(page, say(title))
                if title == "Text":
                    page.locator("#read").click()
                    page.locator(".tokens").wait_for()
                look(page, f"{title.lower()}-{language}-{width}")
