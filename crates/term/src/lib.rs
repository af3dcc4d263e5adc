//! The terminal: keys to intents, view to frame
