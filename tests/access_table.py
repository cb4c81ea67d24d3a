"""Who may call what: the one table, and the page made of it: `python -m tests.access_table > docs/guide/access.md`.

A new operation needs a line here, and, unless the example of its API page will do as a request, an entry in
tests/access.py. `python -m tests.access_table --missing` names the operations without a line.
"""

import sys

from tests.contract import CASES

CALLERS = ("anonymous", "stranger", "owner", "moderator", "admin", "suspended")

# What each caller is answered. The owner is whose event, feedback, image, account or session it is; what is read waits
# for a decision, what is changed is approved. The suspended one sends the token of before.
TABLE = """
auth_login                           200 200 200 200 200 200
auth_token                           200 200 200 200 200 200
auth_refresh                         401 200 200 200 200 401
auth_logout                          401 204 204 204 204 401
auth_logout_all                      401 204 204 204 204 401
auth_list_sessions                   401 200 200 200 200 401
auth_end_session                     401 404 204 404 404 401
auth_verify_email                    422 422 422 422 422 422
auth_request_password_reset          202 202 202 202 202 202
auth_reset_password                  422 422 422 422 422 422
users_register                       201 201 201 201 201 201
users_read_me                        401 200 200 200 200 401
users_change_me                      401 200 200 200 200 401
users_erase_me                       401 204 204 204 204 401
users_export_me                      401 200 200 200 200 401
users_change_password                401 204 204 204 204 401
users_change_address                 401 202 202 202 202 401
users_list_my_events                 401 200 200 200 200 401
users_read_profile                   200 200 200 200 200 200
calendars_list_events                200 200 200 200 200 200
calendars_read_event                 200 200 200 200 200 401
calendars_read_linked_data           200 200 200 200 200 401
calendars_open_feed                  401 201 201 201 201 401
calendars_close_feed                 401 204 204 204 204 401
calendars_read_feed                  404 404 404 404 404 404
events_find_features                 200 200 200 200 200 200
events_create                        401 201 201 201 201 401
events_find                          200 200 200 200 200 200
events_read                          404 404 200 200 200 401
events_change                        401 403 200 403 200 401
events_delete                        401 403 204 403 204 401
events_cancel                        401 403 200 403 200 401
events_list_feedback                 200 200 200 200 200 401
events_leave_feedback                401 201 201 201 201 401
attendance_attend                    401 200 200 200 200 401
attendance_read                      401 404 404 404 404 401
attendance_leave                     401 204 204 204 204 401
attendance_list_attendees            401 403 200 200 200 401
attendance_list_mine                 401 200 200 200 200 401
attendance_list_saved                401 200 200 200 200 401
attendance_save                      401 204 204 204 204 401
attendance_unsave                    401 204 204 204 204 401
feedback_read                        200 200 200 200 200 401
feedback_change                      401 403 200 403 403 401
feedback_delete                      401 403 204 204 204 401
images_upload                        401 201 201 201 201 401
images_read                          200 200 200 200 200 200
images_delete                        401 403 204 204 204 401
admin_queue                          401 403 403 200 200 401
admin_decide                         401 403 403 200 200 401
admin_list_users                     401 403 403 403 200 401
admin_change_user                    401 403 403 403 200 401
admin_list_audit                     401 403 403 403 200 401
admin_read_stats                     401 403 403 403 200 401
health_live                          200 200 200 200 200 200
health_ready                         200 200 200 200 200 200
health_measure                       200 200 200 200 200 200
service_root                         200 200 200 200 200 200
service_problem_types                200 200 200 200 200 200
service_problem_type                 200 200 200 200 200 200
underline_client_validate            401 200 200 200 200 401
underline_client_register            200 200 200 200 200 200
underline_client_login               200 200 200 200 200 200
underline_client_find_user           200 200 200 200 200 200
underline_client_update_user         401 403 200 403 403 401
underline_client_delete_user         401 403 204 403 204 401
underline_client_register_admin      401 403 403 403 200 401
underline_client_delete_as_admin     401 403 403 403 204 401
underline_client_keep_event          401 200 200 200 200 401
underline_client_register_event      401 200 200 200 200 401
underline_client_read_event          404 404 200 200 200 401
underline_client_find_events         200 200 200 200 200 200
underline_client_queue               401 403 403 200 200 401
underline_client_decide              401 403 403 200 200 401
underline_client_upload_image        401 201 201 201 201 401
underline_client_read_image          200 200 200 200 200 200
"""

ROWS = {line.split()[0]: tuple(map(int, line.split()[1:])) for line in TABLE.strip().splitlines()}


def page() -> str:
    """The table as a guide for people."""
    lines = [
        "# Who may call what",
        "",
        "Made by `python -m tests.access_table`; `tests/test_access.py` calls each operation as each of the six and",
        "holds it against them. *Owner* is whose event, feedback, image, account or session it is; the suspended one",
        "sends the access token of before. What is read here waits for a decision, what is changed is approved.",
        "",
        "| operation | policy | " + " | ".join(CALLERS) + " |",
        "|---|---|" + "---|" * len(CALLERS),
    ]
    for case in CASES:
        answers = " | ".join(map(str, ROWS[case.operation["operationId"]]))
        lines.append(f"| `{case.method} {case.template}` | {case.operation['x-policy']} | {answers} |")
    return "\n".join([*lines, ""])


def missing() -> list[str]:
    """The operations that the table does not know."""
    return [case.operation["operationId"] for case in CASES if case.operation["operationId"] not in ROWS]


if __name__ == "__main__":
    if "--missing" in sys.argv:
        sys.exit("\n".join(missing()) or 0)
    sys.stdout.write(page())
