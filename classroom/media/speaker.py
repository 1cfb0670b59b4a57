"""A child process that says one text: JSON on standard input, 16-bit mono sound on standard output.

Run as a script (`python -I speaker.py`), with the standard library alone. A process of its own because
eSpeak NG keeps the phase of its oscillators from one text to the next: only the first text that a process
says is a function of the words alone.

`python -I speaker.py FD LIBRARY` loads the library once and then says many texts, each in a process that is forked from there:
over the socket FD comes another one for each text, in which the JSON arrives up to its end; one byte goes back, `+` or `-`, then
the sound or what went wrong. It ends with the socket FD. See `speakers`, its other end.
"""

import contextlib
import ctypes
import json
import sys
from typing import Any

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS of speak_lib.h
_UTF8 = 1  # espeakCHARS_UTF8
_RATE, _PITCH = 1, 3  # espeakRATE, espeakPITCH
_SECONDS = 60  # for one text


class _CannotSpeakError(Exception):
    """The library does not do what it should; the message says what."""


def say(order: dict[str, Any]) -> bytes:
    """The samples of {"library", "data", "text", "voice", "rate", "pitch", "most"}."""
    library = ctypes.CDLL(order["library"])
    if library.espeak_Initialize(_SYNCHRONOUS, 0, order["data"].encode(), 0) <= 0:
        raise _CannotSpeakError("eSpeak NG did not start")
    library.espeak_ng_SetRandSeed(ctypes.c_long(1))
    sound = bytearray()

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
    def collect(samples, count, _events):  # type: ignore[no-untyped-def]
        if samples and count > 0:
            sound.extend(ctypes.string_at(samples, count * 2))
        return int(len(sound) >= order["most"])  # 1 ends it

    library.espeak_SetSynthCallback(collect)
    if library.espeak_SetVoiceByName(order["voice"].encode()) != 0:
        raise _CannotSpeakError(f"eSpeak NG has no voice {order['voice']!r}")
    library.espeak_SetParameter(_RATE, order["rate"], 0)
    library.espeak_SetParameter(_PITCH, order["pitch"], 0)
    text = order["text"].encode("utf-8", "replace")
    library.espeak_Synth(text, len(text) + 1, 0, 0, 0, _UTF8, None, None)
    library.espeak_Synchronize()
    return bytes(sound[: order["most"]])


def serve(number: int, library: str) -> None:
    """Say a text for each socket that comes over the socket `number`, until that is closed."""
    import os
    import signal
    import socket

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program; this ends with it
    ctypes.CDLL(library)
    with socket.socket(fileno=number) as control:
        while True:
            came, files, _, _ = socket.recv_fds(control, 1, 1)
            if not came:
                return
            process = os.fork()
            if process == 0:
                signal.alarm(_SECONDS)
                with socket.socket(fileno=files[0]) as line:
                    _answer(line)
                os._exit(0)
            os.close(files[0])
            with contextlib.suppress(ChildProcessError):  # those that have spoken
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def _answer(line: Any) -> None:
    """In a process of its own."""
    with line.makefile("rb") as incoming:
        order = json.load(incoming)
    try:
        answer = b"+" + say(order)
    except (_CannotSpeakError, OSError) as error:
        answer = b"-" + str(error).encode(errors="replace")
    line.sendall(answer)


def main() -> None:
    """Serve, or say one text."""
    if len(sys.argv) > 1:
        serve(int(sys.argv[1]), sys.argv[2])
        return
    try:
        sys.stdout.buffer.write(say(json.load(sys.stdin)))
    except _CannotSpeakError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
