"""When and how: journeys that carry out a play, with their holdout."""
