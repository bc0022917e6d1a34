//! What a fault acts through.
