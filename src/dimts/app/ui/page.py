"""The page in one language: which project is open, the tabs, and the clock that keeps them up to date."""

from typing import Any

import gradio as gr

from dimts.app import projects
from dimts.app.ui import compare, data, export, speak, system, texts, train, words
from dimts.app.ui.shell import Place, Shell, Shown
from dimts.app.ui.words import Say
from dimts.data.report.markup import Markup, tag

EVERY_S = 2.0  # how often what is live is looked at
KEEP = """(...all) => {
  history.replaceState(null, '', all[0] ? '?project=' + encodeURIComponent(all[0]) : location.pathname);
  return all;
}"""
SWITCH = (
    "(language, name) => { location.href = `/${language}/` + (name ? '?project=' + encodeURIComponent(name) : '') }"
)
START = "() => document.documentElement.lang = location.pathname.split('/')[1]"
COLOURS = {  # by day, by night: what Gradio itself has is too pale to read (under 4.5 to 1)
    "body_text_color_subdued": ("*neutral_600", "*neutral_300"),
    "block_info_text_color": ("*neutral_600", "*neutral_300"),
    "block_title_text_color": ("*neutral_700", "*neutral_200"),
    "input_placeholder_color": ("*neutral_500", "*neutral_400"),
    "color_accent": ("*primary_700",),
    "button_primary_background_fill": ("*primary_700", "*primary_700"),
    "button_primary_background_fill_hover": ("*primary_800", "*primary_800"),
    "button_cancel_background_fill": ("#b91c1c", "#b91c1c"),
    "button_cancel_background_fill_hover": ("#991b1b", "#991b1b"),
}


def theme() -> gr.themes.Base:
    """Return the look; every font is one of the system's."""
    own = gr.themes.Font("sans-serif"), gr.themes.Font("monospace")  # style.css names more
    made = gr.themes.Default(primary_hue="emerald", neutral_hue="slate", font=own[0], font_mono=own[1])
    return made.set(**{f"{name}{end}": value for name, values in COLOURS.items()
                       for end, value in zip(("", "_dark"), values, strict=False)})  # fmt: skip


def build(place: Place, language: str) -> gr.Blocks:
    """Make the page."""
    say = words.of(language)
    with gr.Blocks(title="Dimts", analytics_enabled=False, delete_cache=(3600, 24 * 3600)) as page:
        shell = _head(place, say, language)
        with gr.Tabs(elem_id="tabs"):
            tabs = ((say("Data"), data), (say("Text"), texts), (say("Train"), train), (say("Compare"), compare),
                    (say("Speak"), speak), (say("Export"), export), (say("System"), system))  # fmt: skip
            for name, tab in tabs:
                with gr.Tab(name, id=tab.__name__.rpartition(".")[2]):
                    tab.build(shell)
        _keep_up(page, shell)
    made: gr.Blocks = page
    return made


def _head(place: Place, say: Say, language: str) -> Shell:
    """Make what stands above the tabs."""
    with gr.Row(elem_id="head", equal_height=True):
        gr.HTML(_title(say), elem_id="title", min_width=190)
        project = gr.Dropdown(
            projects.all_of(place.folder), label=say("Project"), elem_id="project", value=None, min_width=160, scale=2
        )
        new = gr.Textbox(label=say("New project"), placeholder=say("a name, such as selam"), elem_id="new-name",
                         max_lines=1, min_width=160, scale=2)  # fmt: skip
        create = gr.Button(say("Create"), elem_id="create", min_width=90, scale=0)
        other = gr.Dropdown([(name, code) for code, name in words.LANGUAGES.items()], value=language, min_width=170,
                            label=say("Language of this page"), elem_id="language", filterable=False)  # fmt: skip
    notice = gr.HTML("", elem_id="notice")
    shell = Shell(place, say, project, notice)

    def make(name: str) -> list[Any]:
        made = projects.create(place.folder, name)
        return [gr.update(choices=projects.all_of(place.folder), value=made.name), ""]

    gr.on([create.click, new.submit], shell.guarded(make, [project, new]), [new], [notice, project, new],
          api_visibility="private")  # fmt: skip
    other.input(None, [other, project], None, js=SWITCH)
    return shell


def _title(say: Say) -> Markup:
    return tag("h1", "Dimts ", tag("span", "ድምፅ", lang="am"), tag("small", say("a voice for any language")))


def _keep_up(page: gr.Blocks, shell: Shell) -> None:
    """Show the project that the address names, whatever is opened then, and all that changes meanwhile."""
    seen = gr.State({})
    timer = gr.Timer(EVERY_S)
    place = shell.place.folder

    def opened(request: gr.Request) -> Any:
        names = projects.all_of(place)
        asked = request.query_params.get("project")
        return gr.update(choices=names, value=asked if asked in names else None)

    page.load(opened, None, shell.project, api_visibility="private")
    for live, listener in ((False, shell.project.change), (True, timer.tick)):
        shown = [each for each in shell.shown if each.live or not live]
        inputs = [component for each in shown for component in each.inputs]
        outputs = [component for each in shown for component in each.outputs]
        listener(_look(shell, shown, live), [shell.project, seen, *inputs], [shell.notice, seen, *outputs],
                 show_progress="hidden", api_visibility="private", concurrency_limit=8,
                 js=None if live else KEEP)  # fmt: skip


def _look(shell: Shell, shown: list[Shown], live: bool) -> Any:
    """Return what looks at everything that is shown and gives what has changed since it was seen."""

    def look(name: str, seen: dict[int, int], *values: Any) -> list[Any]:
        if not live:
            seen = {}
        notice, found, rest = gr.skip(), [], list(values)
        for each in shown:
            mine, rest = rest[: len(each.inputs)], rest[len(each.inputs) :]
            key = each.number
            try:
                given = each.of(projects.find(shell.place.folder, name), *mine) if name else None
            except Exception as error:  # noqa: BLE001  (one part must not take the others with it)
                given, said = None, shell.sorry(error)
                notice = said if seen.get(key) != hash(said) else notice
                seen[key] = hash(said)
            if given is None or seen.get(key) == hash(repr(given)):
                found += [gr.skip()] * len(each.outputs)
                continue
            seen[key] = hash(repr(given))
            found += given if isinstance(given, list) else [given]
        return [notice, seen, *found]

    return look
