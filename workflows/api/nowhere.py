"""What is not there answers as a problem too, and only to those who may ask."""

from typing import Any, NoReturn

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotAuthenticated, NotFound
from rest_framework.request import Request
from rest_framework.views import APIView


@extend_schema(exclude=True)
class Nowhere(APIView):
    """404 for every address below /api/v1/ that no resource has."""

    permission_classes = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> NoReturn:
        super().initial(request, *args, **kwargs)
        if request.auth is None:
            raise NotAuthenticated
        raise NotFound("There is nothing at this address.")
