"""What a client calls itself, short enough for a line."""

# In this order: each of these names also those below it.
_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def short_agent(agent: str) -> str:
    """`Firefox on Linux` for a browser, `curl/8.5.0` for a program, "" when nothing was said."""
    if not agent.startswith("Mozilla/"):
        return agent.partition(" ")[0][:60]
    browser = next((name for mark, name in _BROWSERS if mark in agent), "A browser")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return f"{browser} on {system}" if system else browser
