"""The ledger: every claim of the articles, with the experiment that decides it."""

from workbook.ledger.rows import PLACES, VERDICTS, Claim, Expectation, claim_of, claims
from workbook.ledger.settling import Settled, as_prediction, settle, settle_all

__all__ = [
    "PLACES",
    "VERDICTS",
    "Claim",
    "Expectation",
    "Settled",
    "as_prediction",
    "claim_of",
    "claims",
    "settle",
    "settle_all",
]
