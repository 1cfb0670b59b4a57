"""A request: read into data, and refused in the API's words."""
