//! The engine on goose: pacing, the journey interpreter, the HTTP exchange, the recorder.
