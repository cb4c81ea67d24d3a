"""How much there is."""

from pydantic import Field

from models.commons import Output


class Stats(Output):
    """Counts that cost the same however much there is."""

    users: int
    events: int
    attendance: int = Field(description="Seats, places in queues, and saved events.")
    feedback: int
    sessions: int = Field(description="Signed-in devices.")
    audit_records: int
    events_waiting: int = Field(description="Events in the queue, counted up to `counted_up_to`.")
    letters_waiting: int = Field(description="Letters to be sent, counted up to `counted_up_to`.")
    counted_up_to: int
