"""How many examples Hypothesis tries against the store: few in the suite, as many as `UNDERLINE_EXAMPLES` says."""

import os

from hypothesis import HealthCheck, Phase, settings

EXAMPLES = int(os.environ.get("UNDERLINE_EXAMPLES", "25"))


def tries(examples: int = EXAMPLES) -> settings:
    """Settings for a test whose examples go to the store, in a database that they share."""
    return settings(
        max_examples=examples,
        deadline=None,
        print_blob=True,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each try writes to a store: shrinking takes minutes
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )
