//! The fault catalogue, its schedule, guards, journal and undo.
