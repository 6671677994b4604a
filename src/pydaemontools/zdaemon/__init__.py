"""The stand-in for zdaemon: its command line and files, on this package's supervisor."""
