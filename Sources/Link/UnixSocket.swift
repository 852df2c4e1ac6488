import CLinux
import Glibc

/// Stream sockets with a path (unix(7)), which never wait.
package enum UnixSocket {
    private static func open() throws(LinkError) -> Descriptor {
        let number = wl_unix_socket()
        guard number >= 0 else { throw LinkError("can't open a socket: \(meaning(ofErrno: -number))") }
        return Descriptor(number)
    }

    /// Listens at a path, for owner and group. What a dead process left there is replaced; the caller holds the lock
    /// that says that it is dead.
    package static func listen(at path: String) throws(LinkError) -> Descriptor {
        let socket = try open()
        // The file is made with this mode, so that there is no moment in which others may connect.
        fchmod(socket.number, 0o600)
        var result = wl_unix_bind(socket.number, path)
        if result == EADDRINUSE {
            try removeStale(path)
            result = wl_unix_bind(socket.number, path)
        }
        guard result == 0 else { throw failure("listen on", path, result) }
        guard chmod(path, 0o660) == 0, Glibc.listen(socket.number, 16) == 0 else {
            let number = errno
            unlink(path)
            throw failure("listen on", path, number)
        }
        return socket
    }

    /// Connects to whoever listens at a path.
    package static func connect(to path: String) throws(LinkError) -> Descriptor {
        let socket = try open()
        let result = wl_unix_connect(socket.number, path)
        guard result == 0 else { throw failure("connect to", path, result) }
        return socket
    }

    private static func removeStale(_ path: String) throws(LinkError) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
            throw LinkError("can't listen on \(path): there is something else of that name; move it away")
        }
        let probe = try open()
        let result = wl_unix_connect(probe.number, path)
        guard result == ECONNREFUSED else {
            throw LinkError("can't listen on \(path): another program does; end it first")
        }
        unlink(path)
    }

    private static func failure(_ action: String, _ path: String, _ number: Int32) -> LinkError {
        if number == ENAMETOOLONG {
            let limit = wl_socket_path_limit()
            return LinkError(
                "can't \(action) \(path): a socket's path may have \(limit) bytes; choose another run directory"
            )
        }
        return LinkError(
            "can't \(action) \(path): \(meaning(ofErrno: number))",
            isNobodyThere: number == ENOENT || number == ECONNREFUSED)
    }
}
