"""The web server's asynchronous interface: requests are read on one event loop, whoever sends them and however slowly.

A thread that waits for a body is a thread that answers nobody, and the server has no time-out of its own for bodies: as
many senders as there are threads, who send half of what they announced, would stop the whole web part.
"""
