"""How fast responses become rows, beside Python's own JSON reader on the same bytes, in one run.

    python tests/bench_surveys.py [--responses 1000] [--runs 15]

The floor is 20,000 responses of 25 answers a second. Machines are shared and swing, so time is the CPU's and the best
of the runs; the ratio to the JSON reader says more than either figure.
"""

import argparse
import json
import random
import time
from collections.abc import Callable
from typing import Any

from workbench.surveys.answers import read_json, responses

ANSWERS = 25
FLOOR = 20_000


def page(count: int, seed: int = 2020) -> bytes:
    """An API page with that many responses, their answers of the usual types."""
    chance = random.Random(seed)
    items = [response(number, chance) for number in range(count)]
    return json.dumps({"total_items": count, "page_count": 1, "items": items}).encode()


def response(number: int, chance: random.Random) -> dict[str, Any]:
    """A response as the real pages of 2017 to 2020 write it."""
    token = f"{number:032d}"
    return {
        "landing_id": token,
        "token": token,
        "response_id": token,
        "landed_at": "2020-11-17T16:14:39Z",
        "submitted_at": "2020-11-17T16:18:40Z",
        "metadata": {"user_agent": "Mozilla/5.0", "referer": "https://x.typeform.com/to/n5h3f6CS", "network_id": token},
        "hidden": {},
        "calculated": {"score": 0},
        "answers": [answer(place, chance) for place in range(ANSWERS)],
    }


def answer(place: int, chance: random.Random) -> dict[str, Any]:
    """An answer whose type depends on its place."""
    field = {"id": f"field{place:07d}", "ref": f"my_custom_reference_{place}"}
    words = chance.sample("lien facile simple atout relation partage échange contact pratique inclusion".split(), 5)
    shapes: list[tuple[str, str, Any]] = [
        ("short_text", "text", f"Merci pour {' et '.join(words)}"),
        ("opinion_scale", "number", chance.randrange(11)),
        ("yes_no", "boolean", chance.random() < 0.5),
        ("multiple_choice", "choice", {"label": words[0]}),
        ("multiple_choice", "choices", {"labels": words[:2]}),
        ("date", "date", "2020-12-01"),
    ]
    kind, type_, value = shapes[place % len(shapes)]
    return {"field": field | {"type": kind}, "type": type_, type_: value}


def best_s(work: Callable[[], object], runs: int) -> float:
    """The least CPU time of a piece of work, seconds."""
    times = []
    for _ in range(runs):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)


def measure(count: int, runs: int) -> dict[str, float]:
    """Responses a second: as rows, and as JSON only."""
    body = page(count)
    rows = responses(read_json(body))
    assert len(rows) == count
    assert sum(len(row.answers) for row in rows) == count * ANSWERS
    del rows
    return {
        "rows": count / best_s(lambda: responses(read_json(body), "n5h3f6CS"), runs),
        "json": count / best_s(lambda: json.loads(body), runs),
    }


def main() -> None:
    """Measure and say it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--responses", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=15)
    given = parser.parse_args()
    speed = measure(given.responses, given.runs)
    verdict = "holds" if speed["rows"] >= FLOOR else "MISSED"
    print(f"{speed['rows']:,.0f} responses of {ANSWERS} answers a second become rows (floor {FLOOR:,}: {verdict})")
    print(f"{speed['json']:,.0f} a second through Python's json alone: {speed['rows'] / speed['json']:.2f} of it")


if __name__ == "__main__":
    main()
