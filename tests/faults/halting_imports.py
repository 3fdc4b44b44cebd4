"""The blocks of an import, each of which can be made to halt with everything written and nothing committed.

The points are `<state>-<number of the block>`, the number counted in one worker; see `halting_steps`.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from clients.importing import stages
from clients.models import ImportBatch, ImportState
from tests.faults.halting_steps import at

if not os.environ.get("SOAK"):
    stages.BLOCK = 50
_block = stages.Worker.block
_blocks: Counter[ImportState] = Counter()


@contextmanager
def _halting(self: stages.Worker, state: ImportState) -> Iterator[ImportBatch | None]:
    with _block(self, state) as batch:
        yield batch
        _blocks[state] += 1
        at("import", f"{state.value}-{_blocks[state]}")


stages.Worker.block = _halting  # type: ignore[method-assign]
