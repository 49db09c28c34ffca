"""How a report writes amounts."""


def length(seconds: float) -> str:
    """Write about how long: 9.5 s, 3 min 05 s, 1 h 02 min."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours:,} h {minutes:02} min"


def clock(seconds: float) -> str:
    """Write a length to the second: 9.5 s, 3:05, 1:02:03."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def count(number: int, thing: str) -> str:
    """Write a number of things: 1 clip, 2,000 clips."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def short(text: str, most: int) -> str:
    """Write the beginning of a long text."""
    return text if len(text) <= most else f"{text[:most]}…"
