"""What can be known of a sound without hearing: how long it is, and the words that its maker wrote into it.

`classroom.media.sound` leaves the words in the file's comment, where the format has one, so that a sound it made
can be read back in another process, after a trip through a bucket.
"""

import io

# Before the words, so that nobody else's comment is taken for them
MARK = "Said by the stand-in: "


def comment(words: str) -> str:
    """What the voice writes into a sound that says these words; `words_in` reads it."""
    # a lone surrogate is a str but can't be written down
    return MARK + " ".join(words.split()).encode("utf-8", "replace").decode()


class NotSound(Exception):
    """The bytes are no sound that the library can read."""


def measure(content: bytes) -> float:
    """The length of a sound in seconds.

    Raises:
        NotSound: the bytes can't be decoded.
    """
    import av  # loads slowly, and not every lesson listens

    try:
        with av.open(io.BytesIO(content), "r") as file:
            if not file.streams.audio:
                raise NotSound("there is no sound in it")
            return sum((frame.samples / frame.sample_rate for frame in file.decode(audio=0)), 0.0)
    except (av.error.FFmpegError, ValueError, IndexError, OverflowError) as error:
        raise NotSound(str(error)) from error


def words_in(content: bytes) -> str | None:
    """The words that the stand-in's own voice says in a sound; None if it isn't one of its own.

    Raises:
        NotSound: the bytes are no sound.
    """
    import av

    try:
        with av.open(io.BytesIO(content)) as file:
            tags = [file.metadata, *(stream.metadata for stream in file.streams)]
    except (av.error.FFmpegError, ValueError, OverflowError) as error:
        raise NotSound(str(error)) from error
    for tag in tags:
        for name, value in tag.items():
            if name.lower() == "comment" and value.startswith(MARK):
                return value[len(MARK) :]
    return None
