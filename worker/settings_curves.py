"""What can be set about prices: what counts as evidence, and how it is weighed."""

from typing import Annotated

from pydantic import Field

from worker.settings_section import Count, Section

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Curves(Section):
    """Price curves."""

    fresh_hours: Positive = Field(24, description="how long a price is shown without being computed anew")
    half_life_days: Positive = Field(30, description="in which a sale or an ask loses half its weight")
    enough_sales: Count = Field(3, description="sales from which on asks are not needed for a median")
    seller_cap: Count = Field(3, description="asks of one seller that count for one card and condition")
    sold_days: Count = Field(365, description="days in which a sale is evidence")
    ask_days: Count = Field(
        90, description="days in which an ask or a guide price is, since it was seen last"
    )
    batch_size: Count = Field(500, description="prints between two checkpoints")
    jobs: Count = Field(2, description="jobs that share the work of one run, where the run does not say")
