"""What is asked of people and done for them: answers, ambassadors, charter, follow-ups, the courrier.

Empty until the ledger is there. Whatever is done to a person is written in it first; `etl` is never imported from here.
"""
