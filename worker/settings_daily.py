"""What can be set about what is done once a day by itself."""

from pydantic import Field

from worker.settings_section import CronOrNever, Section


class Daily(Section):
    """What is done once a day."""

    snapshot_cron: CronOrNever = Field(
        "0 0 * * *", description="when a day of all inventory is kept (UTC); never: not by itself"
    )
    price_index_cron: CronOrNever = Field(
        "30 0 * * *", description="when the price index is brought up to date (UTC); never: not by itself"
    )
    price_curves_cron: CronOrNever = Field(
        "0 3 * * *", description="when all price curves are computed (UTC); never: not by itself"
    )
