"""A way to a server that counts what is sent, and loses answers when told to."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Thread


class Proxy:
    """Passes on all that goes between clients and a server.

    Args:
        server: its port.

    Attributes:
        port: where clients find it.
        requests: how often a client has sent something, each time one packet if it was short.
        loses_answer: whether the next answer is lost, and with it the connection.
    """

    def __init__(self, server: int) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads = [Thread(target=self._accept)]
        self.port: int = self._listener.getsockname()[1]
        self.requests = 0
        self.loses_answer = False

    def start(self) -> None:
        """Begin to take connections."""
        self._threads[0].start()

    def stop(self) -> None:
        """Cut all connections, and end."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self.cut()
        for thread in self._threads:
            thread.join()
        for connection in (self._listener, *self._open):
            connection.close()

    def cut(self) -> None:
        """Cut all connections."""
        for connection in self._open:
            _shut(connection)

    def _accept(self) -> None:
        with suppress(OSError):  # the end
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server))
                self._open += [client, server]
                for work in (self._pass_requests, self._pass_answers):
                    thread = Thread(target=work, args=(client, server))
                    self._threads.append(thread)
                    thread.start()

    def _pass_requests(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while request := client.recv(65536):
                self.requests += 1
                server.sendall(request)
        _shut(server)

    def _pass_answers(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while answer := server.recv(65536):
                if self.loses_answer:
                    self.loses_answer = False
                    break
                client.sendall(answer)
        _shut(client)
        _shut(server)


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # it is
        connection.shutdown(socket.SHUT_RDWR)
