"""Reading what a connected account tells, resource by resource, page by page, into our tables."""
