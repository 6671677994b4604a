"""The words daemontools has for the system's errors: its own table, not strerror's.

The words are djb's (daemontools 0.76, error_str.c), told to a person by every tool of
his and so part of the interface. What is not listed is an "unknown error".
"""

import errno

_WORDS = """\
EPERM permission denied
ENOENT file does not exist
ESRCH no such process
EINTR interrupted system call
EIO input/output error
ENXIO device not configured
E2BIG argument list too long
ENOEXEC exec format error
EBADF file descriptor not open
ECHILD no child processes
EAGAIN temporary failure
ENOMEM out of memory
EACCES access denied
EFAULT bad address
ENOTBLK not a block device
EBUSY device busy
EEXIST file already exists
EXDEV cross-device link
ENODEV device does not support operation
ENOTDIR not a directory
EISDIR is a directory
EINVAL invalid argument
ENFILE system cannot open more files
EMFILE process cannot open more files
ENOTTY not a tty
ETXTBSY text busy
EFBIG file too big
ENOSPC out of disk space
ESPIPE unseekable descriptor
EROFS read-only file system
EMLINK too many links
EPIPE broken pipe
EDOM input out of range
ERANGE output out of range
EDEADLK operation would cause deadlock
ENAMETOOLONG file name too long
ENOLCK no locks available
ENOSYS system call not available
ENOTEMPTY directory not empty
ELOOP symbolic link loop
ENOMSG no message of desired type
EIDRM identifier removed
ENOSTR not a stream device
ETIME timer expired
ENOSR out of stream resources
ENONET machine not on network
EREMOTE too many levels of remote in path
ENOLINK link severed
EADV advertise error
ESRMNT srmount error
ECOMM communication error
EPROTO protocol error
EMULTIHOP multihop attempted
EBADMSG bad message type
EREMCHG remote address changed
EUSERS too many users
ENOTSOCK not a socket
EDESTADDRREQ destination address required
EMSGSIZE message too long
EPROTOTYPE incorrect protocol type
ENOPROTOOPT protocol not available
EPROTONOSUPPORT protocol not supported
ESOCKTNOSUPPORT socket type not supported
EOPNOTSUPP operation not supported
EPFNOSUPPORT protocol family not supported
EAFNOSUPPORT address family not supported
EADDRINUSE address already used
EADDRNOTAVAIL address not available
ENETDOWN network down
ENETUNREACH network unreachable
ENETRESET network reset
ECONNABORTED connection aborted
ECONNRESET connection reset
ENOBUFS out of buffer space
EISCONN already connected
ENOTCONN not connected
ESHUTDOWN socket shut down
ETOOMANYREFS too many references
ETIMEDOUT timed out
ECONNREFUSED connection refused
EHOSTDOWN host down
EHOSTUNREACH host unreachable
EALREADY operation already in progress
EINPROGRESS operation in progress
ESTALE stale NFS file handle
EDQUOT disk quota exceeded
"""


def error_str(error: OSError) -> bytes:
    """Say in djb's words why ERROR happened."""
    name = errno.errorcode.get(error.errno or 0, "")
    for line in _WORDS.splitlines():
        key, _, text = line.partition(" ")
        # Linux gives some errors two names (EDEADLOCK); the number is what counts.
        if key == name or getattr(errno, key, None) == error.errno:
            return text.encode()
    return b"unknown error"
