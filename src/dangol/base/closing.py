"""A listening socket that is about to close: whoever is connected is served, whoever is not waits or goes elsewhere.

The kernel completes a connection before the server takes it. Closing the socket resets those that wait in between,
after their clients have sent. So the door is shut for newcomers first: their first packet is dropped, and a client
sends it again a second later, to the server that has come back or to nobody.
"""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct
import sys

SO_ATTACH_FILTER = 26
# Classic BPF over the TCP header: load the flags; a SYN without an ACK is dropped, everything else is taken whole.
DROP_NEWCOMERS = (
    (0x30, 0, 0, 13),  # A = byte 13, the flags
    (0x54, 0, 0, 0x12),  # A &= SYN | ACK
    (0x15, 0, 1, 0x02),  # if A == SYN
    (0x06, 0, 0, 0),  # drop
    (0x06, 0, 0, 0xFFFFFFFF),  # take
)


def shut_out_newcomers(descriptor: int) -> None:
    """Let a listening socket take no connection that has not begun. Where the system cannot, nothing happens."""
    if sys.platform != "linux":
        return
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in DROP_NEWCOMERS))
    program = struct.pack("HP", len(DROP_NEWCOMERS), ctypes.addressof(code))
    listening = socket.socket(fileno=descriptor)
    try:
        with contextlib.suppress(OSError):
            listening.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
    finally:
        listening.detach()
