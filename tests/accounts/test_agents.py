import pytest

from accounts.agents import short_agent

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Safari/604.1"


@pytest.mark.parametrize(
    ("agent", "short"),
    [
        (CHROME, "Chrome on Linux"),
        (f"{CHROME} Edg/126.0", "Edge on Linux"),
        (IPHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox on Windows"),
        ("Mozilla/5.0 (compatible; somebot/2.1)", "A browser"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("git/2.43.0 (Apple Git)", "git/2.43.0"),
        ("", ""),
    ],
)
def test_short_agent_of_client_names_what_people_know(agent: str, short: str) -> None:
    assert short_agent(agent) == short
