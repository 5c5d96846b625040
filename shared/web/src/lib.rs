//! What several functions need at the edge: authentication, signatures, problem+json, CSV.
