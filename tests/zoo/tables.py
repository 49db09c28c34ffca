"""Tables and lists: every trap of CSV and JSON lines."""

from collections.abc import Callable
from pathlib import Path

from tests.zoo.sounds import recorded, sentence
from tests.zoo.specimens import ACCEPTED, Maker, Refused, Specimen

NAMES = "abc"
Content = str | bytes | Callable[[list[str]], str | bytes]
HUGE = "ሰላም " * 90_000  # 1 MB as UTF-8


def listed(content: Content, name: str = "metadata.csv") -> Maker:
    """Three recordings a, b, c and a table; `{0}`, `{1}`, `{2}` in it are sentences of their own."""

    def make(folder: Path, seed: int) -> None:
        for number, stem in enumerate(NAMES):
            recorded(f"{stem}.wav", text=None)(folder, seed + number)
        said = [sentence(seed + number) for number in range(len(NAMES))]
        filled = content(said) if callable(content) else content
        if isinstance(filled, str):
            for number, words in enumerate(said):
                filled = filled.replace(f"{{{number}}}", words)
            filled = filled.encode()
        (folder / name).write_bytes(filled)

    return make


def table(name: str, content: Content, *becomes: str, file: str = "metadata.csv") -> Specimen:
    return Specimen(name, listed(content, file), becomes, source=file)


def lines(name: str, content: Content, *becomes: str) -> Specimen:
    return table(name, content, *becomes, file="metadata.jsonl")


def refused(name: str, content: Content, says: str, file: str = "metadata.csv") -> Refused:
    return Refused(name, listed(content, file), says, file)


THREE = (ACCEPTED, ACCEPTED, ACCEPTED)
PLAIN = "a|{0}\nb|{1}\nc|{2}\n"
HEAD = "audio_file,text,start,end\n"

TABLES = (
    table("plain table", PLAIN, *THREE),
    table("BOM in a table", "\ufeff" + PLAIN, *THREE),
    table("CRLF", PLAIN.replace("\n", "\r\n"), *THREE),
    table("CR alone", PLAIN.replace("\n", "\r"), *THREE),
    table("no line end at the end", PLAIN.rstrip(), *THREE),
    table("blank lines", PLAIN.replace("\n", "\n\n \n"), *THREE),
    table(
        "UTF-16 table",
        lambda said: "".join(f"{n}|{s}\n" for n, s in zip(NAMES, said, strict=True)).encode("utf-16"),
        *THREE,
    ),
    table("NA", "a|NA\nb|null\nc|{2}\n", *THREE),
    table("quote that never ends", 'a|"{0}\nb|{1}\nc|{2}\n', *THREE),
    table("quoted cells", '"a","{0}, {0}"\n"b","{1}"\nc,{2}\n', *THREE),
    table("quoted line end", 'a,"{0}\n{0}"\nb,{1}\nc,{2}\n', *THREE),
    table("doubled quotes", 'a,"""{0}"""\nb,{1}\nc,{2}\n', *THREE),
    table("separator in a cell", "a|{0}|{0}|x\nb|{1}\nc|{2}\n", "bad row", ACCEPTED, ACCEPTED),
    table("comma in a cell", "a,{0}, {0}\nb,{1}\nc,{2}\n", "bad row", ACCEPTED, ACCEPTED),
    table(
        "unequal columns",
        "audio_file|text|speaker_name\na|{0}\nb|{1}|Sara|x\nc|{2}|Sara\n",
        "bad row",
        "bad row",
        ACCEPTED,
    ),
    table("name alone", "a\nb|{1}\nc|{2}\n", "bad row", ACCEPTED, ACCEPTED),
    table("duplicate ids", "a|{0}\na|{1}\nc|{2}\n", ACCEPTED, "duplicate id", ACCEPTED),
    table("same row twice", "a|{0}\na|{0}\nc|{2}\n", ACCEPTED, "duplicate id", ACCEPTED),
    table("header twice", "audio_file|text\na|{0}\naudio_file|text\nc|{2}\n", ACCEPTED, "header again", ACCEPTED),
    table("header in capitals", "Audio_File|TEXT\na|{0}\nb|{1}\nc|{2}\n", *THREE),
    table("quoted header", '"audio_file"\t"text"\na\t{0}\nb\t{1}\nc\t{2}\n', *THREE),
    table("columns named twice", "audio_file|text|text\na|{0}|x\nb|{1}|x\nc|{2}|x\n", *THREE),
    table("1 MB line", f"a|{HUGE}\nb|{{1}}\nc|{{2}}\n", "too many characters a second", ACCEPTED, ACCEPTED),
    table("1 MB cell", f"a,{HUGE}\nb,{{1}}\nc,{{2}}\n", "too many characters a second", ACCEPTED, ACCEPTED),
    table("1 MB name", f"{'a' * 1_000_000}|{{0}}\nb|{{1}}\nc|{{2}}\n", "missing", ACCEPTED, ACCEPTED),
    table("formulas", "a|=1+1 {0}\nb|@SUM(A1) {1}\nc|+{2}\n", *THREE),
    table("no name", "|{0}\nb|{1}\nc|{2}\n", "missing", ACCEPTED, ACCEPTED),
    table("name of a folder", ".|{0}\nb|{1}\nc|{2}\n", "missing", ACCEPTED, ACCEPTED),
    table("name of the table", "metadata.csv|{0}\nb|{1}\nc|{2}\n", "not audio", ACCEPTED, ACCEPTED),
    table("backslashes", ".\\a.wav|{0}\nb|{1}\nc|{2}\n", *THREE),
    table("name of a device", "/dev/zero|{0}\nb|{1}\nc|{2}\n", "missing", ACCEPTED, ACCEPTED),
    table("text empty in a table", "a|\nb|{1}\nc|{2}\n", "no transcript", ACCEPTED, ACCEPTED),
    table("times the wrong way", HEAD + "a,{0},1.5,0.5\nb,{1},,\nc,{2},,\n", "bad time", ACCEPTED, ACCEPTED),
    table("times that are none", HEAD + "a,{0},NaN,inf\nb,{1},x,y\nc,{2},,\n", "bad time", "bad time", ACCEPTED),
    table("negative times", HEAD + "a,{0},-1,1\nb,{1},,-5\nc,{2},,\n", "bad time", "bad time", ACCEPTED),
    Specimen(
        "huge times",
        listed(HEAD + "a,{0},1e30,1e300\nb,{1},,\nc,{2},,\n"),
        ("no transcript", "outside the recording", ACCEPTED, ACCEPTED),
        6.0,
        "metadata.csv",
    ),
)

LISTS = (
    lines("half a line", '{"audio": "a.wav", "text": "{0}"}\n{"audio": "b.wav", "te', ACCEPTED, "bad row"),
    lines("no object", '[1]\n"x"\n7\n{"audio": "c", "text": "{2}"}\n', "bad row", "bad row", "bad row", ACCEPTED),
    lines(
        "null and lists",
        '{"audio": null, "text": "x"}\n{"audio": "b", "text": ["x"]}\n{"audio": "c", "text": "{2}"}\n',
        "missing",
        "bad row",
        ACCEPTED,
    ),
    lines("no audio", '{"text": "x"}\n{"audio": "c", "text": "{2}"}\n', "missing", ACCEPTED),
    lines("no text", '{"audio": "a"}\n{"audio": "c", "text": "{2}"}\n', "no transcript", ACCEPTED),
    lines("nested too deep", "[" * 100_000 + '\n{"audio": "c", "text": "{2}"}\n', "bad row", ACCEPTED),
    lines(
        "half a letter",
        '{"audio": "a", "text": "{0} \\ud800"}\n{"audio": "\\udfff", "text": "x"}\n',
        "bad row",
        "bad row",
    ),
    lines(
        "numbers as times",
        '{"audio": "a", "text": "{0}", "start": 1e999}\n{"audio": "b", "text": "{1}", "start": NaN}\n'
        '{"audio": "c", "text": "{2}", "end": true}\n',
        "bad time",
        "bad time",
        "bad row",
    ),
    lines(
        "null byte in a name",
        '{"audio": "a\\u0000", "text": "x"}\n{"audio": "c", "text": "{2}"}\n',
        "missing",
        ACCEPTED,
    ),
    lines(
        "null byte in a text",
        '{"audio": "a", "text": "{0}\\u0000"}\n{"audio": "c", "text": "{2}"}\n',
        ACCEPTED,
        ACCEPTED,
    ),
    lines(
        "5,000 digits",
        '{"audio": "a", "text": ' + "9" * 5000 + '}\n{"audio": "c", "text": "{2}"}\n',
        "bad row",
        ACCEPTED,
    ),
    lines(
        "list with BOM",
        '\ufeff{"audio": "a", "text": "{0}"}\r\n\r\n{"audio": {"path": "c.wav", "bytes": null}, "text": "{2}"}',
        ACCEPTED,
        ACCEPTED,
    ),
)

REFUSED = (
    refused("empty table", "", "is empty"),
    refused("blank table", "\n \n\t\n", "is empty"),
    refused("header alone", "audio_file|text\n", "holds a header and no rows"),
    refused("no separator", "ሰላም\nለዓለም\n", "line 1 has no"),
    refused("semicolons", "a;{0}\nb;{1}\n", "line 1 has no"),
    refused("Latin-1 table", "a|café\n".encode("latin-1"), "line 1 is not UTF-8"),
    refused("table with null bytes", "a|{0}\nb|\0{1}\n", "line 2 holds a null byte"),
    refused("UTF-16 table without mark", "a|b\n".encode("utf-16-le"), "line 1 holds a null byte"),
    refused("CSV quote that never ends", 'a,"{0}\nb,{1}\n', "line 1 breaks CSV quoting"),
    refused("speakers for text", "a|{0}|1\nb|{1}|1\nc|{2}|2\n", "looks like speakers"),
    refused("list without objects", "", "is empty", "metadata.jsonl"),
    refused("half a JSON list", '[{"audio": "a", "te', "is no JSON", "list.json"),
    refused("a JSON object", '{"a": 1}', "is neither a list of objects nor a transcript", "list.json"),
    refused("JSON nested too deep", "[" * 100_000, "is no JSON", "list.json"),
    Refused("not there", lambda folder, seed: None, "no such file or folder", "nothing.csv"),
    Refused("empty folder", lambda folder, seed: None, "holds no recording"),
    Refused("a program", lambda folder, seed: (folder / "a.exe").touch(), "is nothing that can be read", "a.exe"),
)  # fmt: skip
