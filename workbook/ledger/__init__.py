"""The ledger: every claim of the articles, with the experiments that decide it."""

from workbook.ledger.files import claim_of, claims, unanswered
from workbook.ledger.rows import PLACES, STATEMENTS, VERDICTS, Claim, Expectation, Trial
from workbook.ledger.settling import Settled, as_prediction, settle, settle_all

__all__ = [
    "PLACES",
    "STATEMENTS",
    "VERDICTS",
    "Claim",
    "Expectation",
    "Settled",
    "Trial",
    "as_prediction",
    "claim_of",
    "claims",
    "settle",
    "settle_all",
    "unanswered",
]
