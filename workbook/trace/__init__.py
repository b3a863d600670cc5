"""What a run did, operation by operation, so that two runs can be laid side by side.

Owns the recorder, the hash, the ledger of draws and the alignment. Knows nothing of causes.
"""

from workbook.trace.alignment import Origin, align, origin
from workbook.trace.draws import Draw
from workbook.trace.hashing import tensor_hash
from workbook.trace.reading import SAMPLES, Operation
from workbook.trace.recorder import Trace

__all__ = ["SAMPLES", "Draw", "Operation", "Origin", "Trace", "align", "origin", "tensor_hash"]
