"""What a section of the settings is made of."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from worker.cron import checked_expression

NEVER = "never"

Count = Annotated[int, Field(gt=0)]
Port = Annotated[int, Field(ge=0, le=65535)]


def _cron(text: str) -> str:
    return text if text == NEVER else checked_expression(text)


CronOrNever = Annotated[str, AfterValidator(_cron)]
"""When something is done by itself, or that it is not."""


class Section(BaseModel):
    """A table of ``worker.toml``; its keys are ``WORKER_<SECTION>__<KEY>`` in the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
