"""Reports that take a while: ordered, looked after, fetched (Sell Feed's docs; schema InventoryTask)."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from worker.sandbox.ebay.operation import Operation
from worker.sandbox.ebay.problems import problem
from worker.sandbox.ebay.refusals import bad_request, not_found
from worker.sandbox.ebay.shapes import moment

DOMAIN = "API_FEED"
REPORT = "LMS_ACTIVE_INVENTORY_REPORT"
BASE = "/sell/feed/v1"
LOOKS_UNTIL_DONE = 2
"""The first look at a task finds it at work, the second done."""
MOST_AT_ONCE = 10
ROW = "<SKUDetails><SKU>{sku}</SKU><Price currencyID='USD'>{price}</Price><Quantity>1</Quantity></SKUDetails>"


class Order(BaseModel):
    """The body of POST inventory_task."""

    feedType: str  # noqa: N815 - eBay's name.
    schemaVersion: str  # noqa: N815 - eBay's name.


@dataclass(slots=True)
class Task:
    """One report in the making; how often it was looked at says how far it is."""

    id: str
    account: str | None
    schema_version: str
    created: datetime
    looks: int = 0
    completed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """Answers for the reports of active listings; a seller sees their own tasks only."""

    clock: Callable[[], datetime]
    tasks: dict[str, Task] = field(default_factory=dict)

    def operations(self) -> tuple[Operation, ...]:
        """Order a report, look after it, fetch it."""
        feed = partial(Operation, api="ebay_feed", scopes=frozenset({"sell.inventory"}))
        return (
            feed(
                name="create_inventory_task",
                path=f"{BASE}/inventory_task",
                answer=self.create,
                method="POST",
            ),
            feed(name="get_inventory_task", path=f"{BASE}/inventory_task/{{task_id}}", answer=self.look),
            feed(
                name="get_result_file",
                path=f"{BASE}/task/{{task_id}}/download_result_file",
                answer=self.fetch,
            ),
        )

    async def create(self, request: Request, account: str | None) -> Response:
        """POST inventory_task: 202, and where the task is."""
        try:
            order = Order.model_validate_json(await request.body())
        except ValidationError:
            return bad_request("feedType and schemaVersion are needed.")
        if order.feedType != REPORT:
            return bad_request(f"The only feedType that the sandbox knows is {REPORT}.")
        waiting = [one for one in self.tasks.values() if one.account == account and one.completed is None]
        if len(waiting) >= MOST_AT_ONCE:
            return problem(409, 160024, DOMAIN, "Too many tasks are queued.")
        task = Task(f"task-22-{len(self.tasks) + 1}", account, order.schemaVersion, self.clock())
        self.tasks[task.id] = task
        return Response(status_code=202, headers={"Location": _address(request, task)})

    def look(self, request: Request, account: str | None) -> Response:
        """GET inventory_task/{id}: IN_PROCESS at first, then COMPLETED."""
        if (task := self._task(request, account)) is None:
            return not_found()
        task.looks += 1
        if task.looks >= LOOKS_UNTIL_DONE and task.completed is None:
            task.completed = self.clock()
        body = {
            "taskId": task.id,
            "status": "IN_PROCESS" if task.completed is None else "COMPLETED",
            "feedType": REPORT,
            "creationDate": moment(task.created),
            "schemaVersion": task.schema_version,
            "detailHref": _address(request, task),
        }
        if task.completed is not None:
            body["completionDate"] = moment(task.completed)
        return JSONResponse(body)

    def fetch(self, request: Request, account: str | None) -> Response:
        """GET task/{id}/download_result_file: gzipped XML, or 160014 while there is none."""
        if (task := self._task(request, account)) is None:
            return not_found()
        if task.completed is None:
            return problem(404, 160014, DOMAIN, "There is no result file yet.")
        rows = "".join(ROW.format(sku=f"SKU-{task.account}-{n}", price=f"{n}.99") for n in range(1, 4))
        report = f"<?xml version='1.0'?><BulkDataExchangeResponses>{rows}</BulkDataExchangeResponses>"
        return Response(
            gzip.compress(report.encode(), mtime=0),
            media_type="application/octet-stream",
            headers={"Content-Disposition": f'attachment; filename="{task.id}.xml.gz"'},
        )

    def _task(self, request: Request, account: str | None) -> Task | None:
        task = self.tasks.get(request.path_params["task_id"])
        return task if task and task.account == account else None


def _address(request: Request, task: Task) -> str:
    return f"{str(request.base_url).rstrip('/')}{BASE}/inventory_task/{task.id}"
