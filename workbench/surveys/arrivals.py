"""What follows when answers have come, whatever way they came: whose they are, and the bugs they report."""

from datetime import datetime
from zoneinfo import ZoneInfo

from workbench.ledger import Ledger
from workbench.ledger.bugs import bugs_from_answers
from workbench.surveys.matching import Matched, match_responses


def take_up(ledger: Ledger, *, zone: ZoneInfo, who: str, now: datetime) -> Matched:
    """Match what is nobody's, and put the bugs of all complete answers on Jane's list; again, it changes nothing."""
    matched = match_responses(ledger, zone=zone, who=who, now=now)
    bugs_from_answers(ledger, who=who, now=now)
    return matched
