"""The phases of a stream to a server, in their order."""

# phase        there is          the next one begins when                       time for that
# IDLE         nothing           something is to be sent, a pause is over,      any
#                                and nothing sent earlier is to be read first
# RESOLVING    a lookup          the addresses of the host are known            the resolver's
# CONNECTING   a connection      an address has answered                        PATIENCE
# HANDSHAKING  a connection      TLS is established (only where it is wanted)   the same
# OPENING      a connection      the server takes messages: over TCP at once,   PATIENCE
#                                with RELP when it has answered
# OPEN         a session         nothing more comes                             any
# CLOSING      RELP's request    the server has answered it (only with RELP)    LEAVE
# SHUT         half a session    the server has ended too                       the same
#
# An error, or the end of the time, leads from any of them to IDLE: what has not arrived by then
# is sent over the next connection. A connection gets as far as OPENING by itself; from there on
# the protocol says where it stands.
IDLE, RESOLVING, CONNECTING, HANDSHAKING, OPENING, OPEN, CLOSING, SHUT = range(8)
