"""What can be set about gathering prices: when, how much, and how many calls that may take."""

from pydantic import Field

from worker.settings_section import Count, CronOrNever, Section


class Collect(Section):
    """Gathering listings, sales and guide prices."""

    cron: CronOrNever = Field(
        "41 * * * *", description="when what is stalest is collected (UTC), where eBay is set up; or never"
    )
    stalest: Count = Field(100, description="how many prints that is at most, within the day's quota")
    most: int = Field(
        200, ge=1, le=10_000, description="offers of each print and source at most, where nobody says"
    )
    prints_per_job: int = Field(25, ge=1, le=1000, description="prints that one job collects one by one")
    details_per_print: int = Field(
        5, ge=0, le=200, description="listings of a print that are asked for in full, for their condition"
    )
    details_spare_percent: int = Field(
        25, ge=0, le=100, description="how much of Browse's day is left alone by that"
    )
