"""The ledger: claims of the articles and of PyTorch's documents, with what decides them."""

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
