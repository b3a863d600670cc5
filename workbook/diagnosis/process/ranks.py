"""What the ranks of a command wrote down, side by side.

Owns the reading of their rows into one series for each rank, and what two series have in common.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Rows = list[dict[str, Any]]
_GRADIENTS, _WEIGHTS, _GENERATOR = 5, 8, 1  # places in a step's vector, behind its number


def read(processes: dict[str, Rows]) -> dict[str, dict[str, Any]]:
    """Give each rank's steps as plain data; of its processes that of the one that trains."""
    by_rank: dict[str, dict[str, Any]] = {}
    for rows in processes.values():
        rank = next((row["rank"] for row in rows if row["kind"] == "start"), None)
        steps = [row for row in rows if row["kind"] == "step"]
        if rank is None or not steps or len(steps) <= len(by_rank.get(rank, {}).get("vectors", ())):
            continue
        more = [row for row in rows if row["kind"] == "rank"]
        facts = [row["facts"]["facts"] for row in rows if row["kind"] == "facts"]
        by_rank[rank] = {
            "vectors": [row["vector"] for row in steps],
            "losses": [[value for value, _ in row["loss"]] for row in steps],
            "rows": [row["rows"] for row in more],
            "sizes": [row["size"] for row in more],
            "buffers": [row["buffers"] for row in more],
            "parts": any(row["parts"] for row in more),
            "facts": facts[-1] if facts else [],
        }
    return {rank: by_rank[rank] for rank in sorted(by_rank, key=int)}


@dataclass(frozen=True)
class Ranks:
    """The ranks of one run, the first in front."""

    data: dict[str, dict[str, Any]]

    def __len__(self) -> int:
        return len(self.data)

    @property
    def steps(self) -> int:
        """How many steps every rank made."""
        return min((len(data["vectors"]) for data in self.data.values()), default=0)

    def _each(self, key: str) -> Iterator[tuple[Any, ...]]:
        """Give what all ranks have under a key, step by step, as far as every rank goes."""
        return zip(*(data[key] for data in self.data.values()))  # noqa: B905

    @property
    def facts(self) -> set[str]:
        """What any of them was seen to use."""
        return {fact for data in self.data.values() for fact in data["facts"]}

    @property
    def sharded(self) -> bool:
        """Whether each rank keeps a part of the parameters only, which is another on each."""
        return any(data["parts"] for data in self.data.values())

    def drift(self) -> tuple[int, str, bool] | None:
        """Find the step from which parameters drift, of which rank, and if gradients agree."""
        for vectors in self._each("vectors"):
            ours = vectors[0]
            for rank, theirs in zip(self.data, vectors, strict=True):
                if ours[_WEIGHTS] != theirs[_WEIGHTS]:
                    return ours[0], rank, ours[_GRADIENTS] == theirs[_GRADIENTS]
        return None

    def buffers_part(self) -> int:
        """Find the first step after which buffers are not those of rank 0; 0 for none."""
        steps = enumerate(self._each("buffers"), start=1)
        return next((number for number, codes in steps if any(c != codes[0] for c in codes)), 0)

    def shared(self) -> tuple[int, int, int]:
        """In how many steps ranks read a row twice, how many rows those are, and of how many."""
        steps = common = every = 0
        for rows in self._each("rows"):
            parts = list(map(set, rows))
            twice = sum(map(len, parts)) - len(set().union(*parts))
            steps, common, every = steps + (twice > 0), common + twice, every + sum(map(len, parts))
        return steps, common, every

    def uneven(self) -> int:
        """Give the first step in which ranks computed on unlike numbers of rows; 0 for none."""
        steps = enumerate(self._each("sizes"), start=1)
        return next((number for number, sizes in steps if len(set(sizes)) > 1), 0)

    def alike(self) -> bool:
        """Whether all ranks draw the same numbers: their generators move, and agree each time."""
        states = [{vector[_GENERATOR] for vector in vectors} for vectors in self._each("vectors")]
        return all(len(each) == 1 for each in states) and len(set().union(*states)) > 1

    def losses(self) -> list[float]:
        """Give the mean of the ranks' losses after each step, by their shares of the rows."""
        means: list[float] = []
        for number in range(self.steps):
            values = [data["losses"][number][:1] for data in self.data.values()]
            if not all(values):
                return means
            sizes = [
                (data["sizes"][number : number + 1] or [1])[0] or 1 for data in self.data.values()
            ]
            pairs = zip(values, sizes, strict=True)
            means.append(sum(value[0] * size for value, size in pairs) / sum(sizes))
        return means

    def batch(self, number: int) -> set[int]:
        """Give the rows that all ranks together computed on in a step, from 0."""
        parts = [data["rows"][number] for data in self.data.values() if number < len(data["rows"])]
        return {row for part in parts for row in part}
