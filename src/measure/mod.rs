//! Histograms, timeline, phases, recovery, ledger, generator health.
