"""Text in pictures: engines, what is done to a picture before them, and how their words become blocks."""
