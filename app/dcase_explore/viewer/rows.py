"""Which rows are selected and filtered in the page, told by it to whoever asks."""

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dcase_explore.errors import ExploreError
from dcase_explore.viewer.body import body_of

if TYPE_CHECKING:
    from starlette.requests import Request

MAX_BYTES = 2**25
KINDS = ("selected", "filtered")

SCRIPT = """
{
  const dataset = globalThis.spotlight?.useDataset;
  let told = {}, timer;
  const tell = () => {
    const state = dataset.getState(), changed = {};
    for (const [kind, rows] of [["selected", state.selectedIndices], ["filtered", state.filteredIndices]])
      if (told[kind] !== rows) changed[kind] = Array.from(told[kind] = rows);
    fetch("api/rows", { method: "PUT", body: JSON.stringify(changed) }).catch(() => { told = {}; });
  };
  for (const rows of [(state) => state.selectedIndices, (state) => state.filteredIndices])
    dataset?.subscribe(rows, () => { clearTimeout(timer); timer = setTimeout(tell, 50); });
}
"""
"""What is added to the page's script."""


class Rows:
    """
    Rows of the table that is shown.

    Attributes
    ----------
    count
        How many there are.
    """

    def __init__(self) -> None:
        self._chosen: dict[str, list[int]] = {}
        self.count = 0

    def reset(self, count: int) -> None:
        """
        Begin with another table: none selected, all of them there.

        Parameters
        ----------
        count
            Its rows.
        """
        self._chosen, self.count = {"selected": [], "filtered": list(range(count))}, count

    def routes(self) -> list[Route]:
        """Routes that stand before Spotlight's own."""
        return [Route("/api/rows", self._answer, methods=["GET", "PUT"])]

    async def _answer(self, request: "Request") -> Response:
        if request.method == "PUT":
            try:
                told = json.loads(await body_of(request, MAX_BYTES))
            except (ExploreError, ValueError, RecursionError):
                told = None
            if not isinstance(told, dict) or not all(self.are_rows(told[kind]) for kind in KINDS if kind in told):
                return Response(status_code=422)
            self._chosen.update({kind: told[kind] for kind in KINDS if kind in told})
        return JSONResponse(self._chosen)

    def select(self, rows: list[int]) -> None:
        """
        Take these rows for selected, until the page says otherwise.

        Parameters
        ----------
        rows
            Positions in the table.
        """
        self._chosen["selected"] = rows

    def are_rows(self, told: Any) -> bool:
        """Whether something that was told is rows of the table."""
        return isinstance(told, list) and all(type(row) is int and 0 <= row < self.count for row in told)
