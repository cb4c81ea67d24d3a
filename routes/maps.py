"""Events as GeoJSON."""

from hashlib import blake2b
from typing import Annotated

from fastapi import Depends, Query, Request, Response

from docs import maps as docs
from models.event_queries import EventQuery
from models.exceptions import InvalidCursor
from models.geojson import FeatureCollection
from routes._operations import Operations, Policy, fresh
from routes._parameters import Cursor
from routes.events import event_query
from utils import events

api = Operations("events", "/v1")

GEOJSON = "application/geo+json"


@api.get("/events.geojson", policy=Policy.ANYONE, status=200, refuses=[InvalidCursor], docs=docs.EVENTS)
async def find_features(
    request: Request,
    query: Annotated[EventQuery, Depends(event_query)],
    limit: Annotated[int, Query(ge=1, le=500, description="How many at most.")] = 100,
    cursor: Cursor = None,
) -> Response:
    page = await events.search(query, limit, cursor)
    body = FeatureCollection.of_page(page).model_dump_json(by_alias=True).encode()
    etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"Cache-Control": "public, max-age=15", "ETag": etag, "Vary": "Authorization, Accept-Encoding"}
    if "authorization" in request.headers:
        headers["Cache-Control"] = "no-store"
    if page.next_cursor:
        following = request.url.include_query_params(cursor=page.next_cursor)
        headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    if held := fresh(request, etag):
        return Response(status_code=304, headers={**headers, "ETag": held})
    return Response(body, headers=headers, media_type=GEOJSON)
