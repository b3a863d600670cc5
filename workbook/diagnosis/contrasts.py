"""What two runs do unlike one another: batches of other sizes, formats, whether they draw.

Owns the words that say which interventions can matter for two functions. Decides nothing.
"""

from __future__ import annotations

from typing import Any

from workbook.diagnosis.reply import Reply


def unequal_batches(ours: Any, theirs: Any) -> frozenset[str]:
    """Names of calls that both make on rows of one shape, but with other numbers of rows."""
    found = set()
    for name, rows, trail in ours:
        alike = [other for label, other, shape in theirs if label == name and shape == trail]
        if alike and any(other != rows for other in alike):
            found.add(name)
    return frozenset(found)


def traced_words(ours: Reply | None, theirs: Reply | None) -> set[str]:
    """Whether two traced runs draw, and whether they compute in other formats."""
    words: set[str] = set()
    made: list[set[tuple[str, str]]] = []
    for reply in (ours, theirs):
        if reply is None or not reply.outcomes:
            continue
        draws = reply.outcomes[0].get("draws", ())
        words |= {"draws"} if draws else set()
        words |= {"noise"} if any(row[3] for row in draws) else set()
        made.append(_dtypes(reply))
    if len(made) == 2:
        shared = {name for name, _ in made[0]} & {name for name, _ in made[1]}
        unlike = {dtype for name, dtype in made[0] ^ made[1] if name in shared}
        words |= {"dtypes"} if unlike else set()
        words |= {"short"} if unlike & {"float16", "bfloat16"} else set()
    return words


def _dtypes(reply: Reply) -> set[tuple[str, str]]:
    """Which operations made which formats, and which formats the result has."""
    found = {
        ("result", row["dtype"]) for row in reply.outcomes[0].get("leaves", ()) if "dtype" in row
    }
    for operation in reply.trace(0) or ():
        dtype = operation.signature.rpartition("-> ")[2].split("[")[0]
        if "float" in dtype:
            found.add((operation.name, dtype))
            found.add(("any operation", dtype))
    return found
