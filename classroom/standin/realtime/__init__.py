"""The Realtime API over WebSocket: text and sound in, sound and its transcript out."""
