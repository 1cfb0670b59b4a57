"""The Realtime API through the class proxy: events that are understood, and a reservation for each response."""
