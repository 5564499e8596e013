"""What is asked of people and done for them: answers, ambassadors, charter, follow-ups, the courrier.

Whatever is done to a person is written in the ledger first; `etl` is never imported from here.
"""
