"""Run as a process of its own: how long a recording is, by decoding it. It gets bytes, and gives a number.

    python -I listening.py FORMAT < recording

FFmpeg reads here what a learner sent, so this process is made for being broken: no environment, no further files or sockets once
its libraries are loaded, bounded memory and processor time. It never guesses the format, and knows no others than the API's.
"""

import io
import sys
import wave

_MEMORY = 1024**3  # bytes of addresses, of which FFmpeg's libraries are a third
SECONDS = 8  # of the processor


def _close_doors() -> None:
    """Nothing can be opened from here on, nothing written to a disk, nothing started."""
    try:
        import resource
    except ImportError:  # Windows: the time is bounded from outside
        return
    for limit, value in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        resource.setrlimit(limit, (value, value))


def _seconds(content: bytes, kind: str) -> float:
    """The longest of its streams of sound: by what was decoded, or by what the file says if that is more."""
    import av

    limits = {"format_whitelist": _NAMES[kind], "protocol_whitelist": "none"}
    longest = 0.0
    with av.open(io.BytesIO(content), mode="r", format=kind, options=limits) as sound:
        streams = list(sound.streams.audio)
        decoded = dict.fromkeys((stream.index for stream in streams), 0.0)
        for stream in streams:
            stream.codec_context.thread_type = "NONE"
        for packet in sound.demux(streams):
            try:
                for frame in packet.decode():
                    assert isinstance(frame, av.AudioFrame)
                    decoded[packet.stream_index] += frame.samples / frame.sample_rate
            except av.error.InvalidDataError:
                if packet.duration and packet.time_base:
                    decoded[packet.stream_index] += float(packet.duration * packet.time_base)
        longest = max(decoded.values(), default=0.0)
        if longest and sound.duration:
            longest = max(longest, sound.duration / av.time_base)
    return longest


# demuxer → its whole name, by which FFmpeg compares
_NAMES = {
    "wav": "wav",
    "flac": "flac",
    "ogg": "ogg",
    "mp3": "mp3",
    "aac": "aac",
    "mpeg": "mpeg",
    "mov": "mov,mp4,m4a,3gp,3g2,mj2",
    "matroska": "matroska,webm",
}


def _silence() -> bytes:
    """A tenth of a second, of our own."""
    made = io.BytesIO()
    with wave.open(made, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(bytes(1600))
    return made.getvalue()


def main() -> int:
    """Print the seconds; 1 if there is no sound."""
    import av

    av.logging.set_level(None)
    content = sys.stdin.buffer.read()
    _seconds(_silence(), "wav")  # loads what decoding loads, while files can still be opened
    _close_doors()
    try:
        seconds = _seconds(content, sys.argv[1])
    except (av.FFmpegError, ValueError, OSError, MemoryError, ZeroDivisionError):
        return 1
    sys.stdout.write(f"{seconds:.3f}\n")
    return 0 if seconds > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
