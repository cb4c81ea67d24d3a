"""Feedback by its own id."""

from docs import feedback as docs
from models.exceptions import FeedbackNotFound, Forbidden, PreconditionFailed
from models.feedback import Feedback, FeedbackRead, FeedbackUpdate
from routes._callers import CurrentUser, IfMatch, Viewer
from routes._operations import Operations, Policy
from routes._parameters import PathFeedbackId
from utils import feedback

api = Operations("feedback", "/v1/feedback")


@api.get("/{id}", answer=FeedbackRead, policy=Policy.ANYONE, refuses=[FeedbackNotFound], shared_s=15, docs=docs.READ)
async def read(feedback_id: PathFeedbackId, viewer: Viewer) -> Feedback:
    return await feedback.get(feedback_id, viewer)


@api.patch(
    "/{id}",
    answer=FeedbackRead,
    policy=Policy.USER,
    refuses=[FeedbackNotFound, Forbidden, PreconditionFailed],
    docs=docs.CHANGE,
)
async def change(
    feedback_id: PathFeedbackId, changes: FeedbackUpdate, user: CurrentUser, versions: IfMatch
) -> Feedback:
    return await feedback.change(feedback_id, changes, user, versions)


@api.delete("/{id}", policy=Policy.USER, refuses=[FeedbackNotFound, Forbidden, PreconditionFailed], docs=docs.DELETE)
async def delete(feedback_id: PathFeedbackId, user: CurrentUser, versions: IfMatch) -> None:
    await feedback.remove(feedback_id, user, versions)
