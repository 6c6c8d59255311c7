"""Who the seller is, as the Identity API answers it (at apiz): without what wants further scopes."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from worker.sandbox.ebay.world import World


class IdentityStand:
    """Answers for the user whose token it is."""

    def __init__(self, world: World) -> None:
        self._world = world

    def get_user(self, _request: Request, user_id: str | None) -> Response:
        """GET /commerce/identity/v1/user/."""
        seller = self._world.shop(user_id).seller
        return JSONResponse(
            {
                "userId": seller.user_id,
                "username": seller.username,
                "accountType": seller.account_type,
                "registrationMarketplaceId": seller.marketplace,
                "status": "CONFIRMED",
            }
        )
