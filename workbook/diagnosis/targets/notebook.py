"""A notebook, from the side that asks: its session is a process with IPython.

Owns the command line, and the sentences where there is none to run.
"""

import importlib.util
import sys
from pathlib import Path

from workbook.diagnosis.answer import Answer
from workbook.diagnosis.session import Session, Unusable
from workbook.diagnosis.targets.tests.session import asked


def diagnosed(session: Session) -> Answer:
    """Give the answer for one notebook."""
    if importlib.util.find_spec("IPython") is None:
        raise Unusable("IPython is not installed here: python -m pip install ipykernel")
    path = str(Path(session.subject.nodes[0]).resolve())
    words = [sys.executable, "-m", "workbook.notebook.session"]
    answer = asked(session, words, path)
    if answer is None:
        raise Unusable("the notebook's process left no answer")
    return answer
