"""A child process that says one text: JSON on standard input, 16-bit mono sound on standard output.

Run as a script (`python -I speaker.py`), with the standard library alone. A process of its own because
eSpeak NG keeps the phase of its oscillators from one text to the next: only the first text that a process
says is a function of the words alone.
"""

import ctypes
import json
import sys

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS of speak_lib.h
_UTF8 = 1  # espeakCHARS_UTF8
_RATE, _PITCH = 1, 3  # espeakRATE, espeakPITCH


def main() -> None:
    """Reads {"library", "data", "text", "voice", "rate", "pitch", "most"}, writes the samples."""
    order = json.load(sys.stdin)
    library = ctypes.CDLL(order["library"])
    if library.espeak_Initialize(_SYNCHRONOUS, 0, order["data"].encode(), 0) <= 0:
        sys.exit("eSpeak NG did not start")
    library.espeak_ng_SetRandSeed(ctypes.c_long(1))
    sound = bytearray()

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
    def collect(samples, count, _events):  # type: ignore[no-untyped-def]
        if samples and count > 0:
            sound.extend(ctypes.string_at(samples, count * 2))
        return int(len(sound) >= order["most"])  # 1 ends it

    library.espeak_SetSynthCallback(collect)
    if library.espeak_SetVoiceByName(order["voice"].encode()) != 0:
        sys.exit(f"eSpeak NG has no voice {order['voice']!r}")
    library.espeak_SetParameter(_RATE, order["rate"], 0)
    library.espeak_SetParameter(_PITCH, order["pitch"], 0)
    text = order["text"].encode("utf-8", "replace")
    library.espeak_Synth(text, len(text) + 1, 0, 0, 0, _UTF8, None, None)
    library.espeak_Synchronize()
    sys.stdout.buffer.write(sound[: order["most"]])


if __name__ == "__main__":
    main()
