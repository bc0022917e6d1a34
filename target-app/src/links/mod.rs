//! Links: TCP relays between zones that can delay, fall silent, reset or refuse.
