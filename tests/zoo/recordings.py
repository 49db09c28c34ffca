"""Recordings: formats, names that lie, half files, headers that lie, and sounds that are no speech."""

import struct

import numpy as np

from tests.zoo.sounds import RATE_HZ, at, channels, encoded, half, put, raw, recorded, with_ffmpeg
from tests.zoo.specimens import ACCEPTED, Specimen

HTML = b"<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head><body>" + b"<p>Nothing here.</p>\n" * 400
NOISE = np.random.default_rng(404).bytes(40_000)
WAV_HEAD = 44  # bytes before the samples


def u32(value: int) -> bytes:
    return struct.pack("<I", value)


def u16(value: int) -> bytes:
    return struct.pack("<H", value)


FORMATS = (
    Specimen("8 bit", recorded(subtype="PCM_U8"), ACCEPTED),
    Specimen("16 bit", recorded(subtype="PCM_16"), ACCEPTED),
    Specimen("24 bit", recorded(subtype="PCM_24"), ACCEPTED),
    Specimen("32 bit", recorded(subtype="PCM_32"), ACCEPTED),
    Specimen("float32", recorded(subtype="FLOAT"), ACCEPTED),
    Specimen("float64", recorded(subtype="DOUBLE"), ACCEPTED),
    Specimen("mu-law", recorded(subtype="ULAW"), ACCEPTED),
    Specimen("ADPCM", recorded(subtype="MS_ADPCM"), ACCEPTED),
    Specimen("24-bit FLAC", recorded("clip.flac", "PCM_24"), ACCEPTED),
    Specimen("192 kHz", recorded(rate_hz=192_000), ACCEPTED),
    Specimen("8 kHz", recorded(rate_hz=8_000), ACCEPTED),
    Specimen("3 kHz", recorded(rate_hz=3_000), "sample rate"),
    Specimen("stereo", recorded(change=channels(2)), ACCEPTED),
    Specimen("5.1", recorded(change=channels(6)), ACCEPTED),
    Specimen("AIFF", recorded("clip.aiff"), ACCEPTED),
    Specimen("AU", recorded("clip.au"), ACCEPTED),
    Specimen("CAF", recorded("clip.caf"), ACCEPTED),
    Specimen("W64", recorded("clip.w64"), ACCEPTED),
    Specimen("MP3", recorded("clip.mp3"), ACCEPTED),
    Specimen("Ogg Vorbis", recorded("clip.ogg"), ACCEPTED),
    Specimen("Ogg Opus", recorded("clip.opus", "OPUS", inside=".ogg", rate_hz=48_000), ACCEPTED),
    Specimen("opus in webm", encoded("clip.webm", "-c:a", "libopus"), ACCEPTED),
    Specimen("m4a", encoded("clip.m4a", "-c:a", "aac"), ACCEPTED),
    Specimen("aac alone", encoded("clip.aac", "-c:a", "aac"), ACCEPTED, 2.112),
    Specimen("wma", encoded("clip.wma", "-c:a", "wmav2"), ACCEPTED),
    Specimen("video", encoded("clip.mp4", "-c:v", "mpeg4", "-c:a", "aac", picture=True), ACCEPTED),
    Specimen("video without sound", encoded("clip.mp4", "-map", "1:v", "-c:v", "mpeg4", picture=True), "not audio"),
)

WRONG_NAMES = (
    Specimen("FLAC called wav", recorded("clip.wav", inside=".flac"), ACCEPTED),
    Specimen("MP3 called wav", recorded("clip.wav", inside=".mp3"), ACCEPTED),
    Specimen("WAV called mp3", recorded("clip.mp3", inside=".wav"), ACCEPTED),
    Specimen("Ogg called flac", recorded("clip.flac", inside=".ogg"), ACCEPTED),
    Specimen("WAV called m4a", recorded("clip.m4a", inside=".wav"), ACCEPTED),
    Specimen("upper case", recorded("clip.WAV"), ACCEPTED),
    Specimen("text called wav", raw("clip.wav", "ሰላም ለዓለም\n".encode() * 200), "not audio"),
    Specimen("error page called mp3", raw("clip.mp3", HTML), "not audio"),
    Specimen("error page called m4a", raw("clip.m4a", HTML), "not audio"),
    Specimen("zip called wav", raw("clip.wav", b"PK\x03\x04" + NOISE), "not audio"),
    Specimen("picture called flac", raw("clip.flac", b"\x89PNG\r\n\x1a\n" + NOISE), "not audio"),
    Specimen("chance called ogg", raw("clip.ogg", b"\x00" + NOISE), "not audio"),
    Specimen("zeros called wav", raw("clip.wav", bytes(4000)), "not audio"),
)

HALF = (
    *(Specimen(f"no byte of {name}", raw(f"clip.{name}", b""), "empty") for name in ("wav", "flac", "mp3", "m4a")),
    Specimen("half a WAV", recorded(spoil=half), "truncated"),
    Specimen("half a float WAV", recorded(subtype="FLOAT", spoil=half), "truncated"),
    Specimen("half a FLAC", recorded("clip.flac", spoil=half), "damaged"),
    Specimen("half an AIFF", recorded("clip.aiff", spoil=half), "truncated"),
    Specimen("half an AU", recorded("clip.au", spoil=half), "truncated"),
    Specimen("half a CAF", recorded("clip.caf", spoil=half), "unreadable"),
    Specimen("half a W64", recorded("clip.w64", spoil=half), "truncated"),
    Specimen("half an MP3", recorded("clip.mp3", spoil=half), "truncated"),
    Specimen("half an Ogg Vorbis", recorded("clip.ogg", spoil=half), "truncated"),
    Specimen("half a long Ogg Vorbis", recorded("clip.ogg", seconds=10, spoil=half), "truncated"),
    Specimen("half an Ogg Opus", recorded("clip.opus", "OPUS", 48_000, 10, spoil=half, inside=".ogg"), "truncated"),
    Specimen("a page of Ogg Opus", recorded("clip.opus", "OPUS", 48_000, spoil=half, inside=".ogg"), "unreadable"),
    Specimen("half an m4a", encoded("clip.m4a", "-c:a", "aac", spoil=half), "not audio"),  # its index is at the end
    Specimen("half a webm", encoded("clip.webm", "-c:a", "libopus", spoil=half), "truncated"),
    Specimen("a head alone", recorded(spoil=lambda content: content[:WAV_HEAD]), "truncated"),
    Specimen("half a head", recorded(spoil=lambda content: content[:20]), "unreadable"),
    Specimen("no sample", recorded(seconds=0), "empty"),
    Specimen("one sample", recorded(seconds=1 / RATE_HZ), "too short", 1 / RATE_HZ),
    Specimen("damage inside an m4a", encoded("clip.m4a", "-c:a", "aac", spoil=put(3000, bytes(4000))), "damaged"),
    Specimen("damage inside a FLAC", recorded("clip.flac", spoil=put(9000, bytes(6000))), "damaged"),
)

LIES = (
    Specimen("ten times as long", recorded(spoil=put(40, u32(10 * 64_000))), "truncated"),
    Specimen("half as long", recorded(spoil=put(40, u32(32_000))), "damaged"),
    Specimen("length left at 0", recorded(spoil=put(40, u32(0))), "damaged"),
    Specimen("length of a pipe", recorded(spoil=put(40, u32(0xFFFFFFFF))), ACCEPTED),
    Specimen("0 Hz", recorded(spoil=put(24, u32(0))), "unreadable"),
    Specimen("1 Hz", recorded(spoil=put(24, u32(1))), "sample rate", 32_000),
    Specimen("4 GHz", recorded(spoil=put(24, u32(4_000_000_000))), "unreadable"),
    Specimen("no channel", recorded(spoil=put(22, u16(0))), "unreadable"),
    Specimen("9,999 channels", recorded(spoil=put(22, u16(9_999))), "unreadable"),
    Specimen("0 bits", recorded(spoil=put(34, u16(0))), "unreadable"),
    Specimen("FLAC of no known length", with_ffmpeg(recorded("clip.flac", spoil=put(22, bytes(4)))), ACCEPTED),
)

SOUNDS = (
    Specimen("NaN", recorded(subtype="FLOAT", change=at(999, np.nan)), "not finite"),
    Specimen("infinite", recorded(subtype="FLOAT", change=at(-1, np.inf)), "not finite"),
    Specimen("minus infinite", recorded(subtype="DOUBLE", change=at(0, -np.inf)), "not finite"),
    Specimen("beyond float32", recorded(subtype="DOUBLE", change=at(5, 1e300)), "not finite"),
    Specimen("integers as floats", recorded(subtype="FLOAT", change=lambda s: s * 32768), "clipped"),
    Specimen("silence", recorded(change=np.zeros_like), "silent"),
    Specimen("whisper of the last bit", recorded(change=lambda s: np.sign(s) / 32768), "silent"),
    Specimen("DC alone", recorded(change=lambda s: np.full_like(s, 0.5)), "silent"),
    Specimen("voice on DC", recorded(change=lambda s: s + 0.3), ACCEPTED),
    Specimen("square", recorded(change=lambda s: np.sign(s) * 0.9), "clipped"),
    Specimen("far too loud", recorded(change=lambda s: np.clip(9 * s, -1, 1)), "clipped"),
    Specimen("digital noise", recorded(change=lambda s: np.random.default_rng(8).uniform(-1, 1, len(s))), "low SNR"),
    Specimen("speech of 0.1 s", recorded(seconds=0.1), "too short", 0.1),
    Specimen("speech of 40 s", recorded(seconds=40), "too long", 40),
    Specimen("40 s without words", recorded(seconds=40, text=None), "no transcript", 40),
    Specimen("2 s without words", recorded(text=None), "no transcript"),
)

RECORDINGS = (*FORMATS, *WRONG_NAMES, *HALF, *LIES, *SOUNDS)
