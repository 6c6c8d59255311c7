"""A connected account as a seller: who they are, and their inventory behind a whole pass over their stock."""

from uuid import UUID

from worker.accounts.accounts import Account
from worker.catalog import shelving
from worker.catalog.sellers import SellerSeen, see
from worker.db import Connection

PLATFORM = "ebay"


async def see_account(connection: Connection, account: Account, run_id: UUID | None) -> int:
    """Keep an account as the seller that it is, by the user id, which never changes; answers the seller."""
    name = account.ebay_username or account.ebay_user_id
    seen = [SellerSeen(account.ebay_user_id, name)]
    ids = await see(connection, account.org_id, PLATFORM, seen, run_id)
    return ids[account.ebay_user_id]


async def shelve(connection: Connection, account: Account) -> None:
    """Make the account's inventory anew, of all that is known of its stock and its offers."""
    seller = await see_account(connection, account, None)
    await shelving.shelve(connection, account.org_id, account.id, seller)
