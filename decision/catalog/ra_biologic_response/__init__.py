"""TNF inhibitor or IL-6 inhibitor for active rheumatoid arthritis: data and pure functions."""
