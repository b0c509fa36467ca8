#pragma once

#include <cstdint>

namespace zevi::broker {

/// Keeps whoever may connect from ending the program.
///
/// When a process is out of file descriptors, `accept` fails, and libzmq's listener for `ipc://` takes that
/// for a bug and aborts (ipc_listener.cpp of 4.3.4). Watching the connections and unbinding in time would be
/// a race, since a flood fills the table within a turn of libzmq's I/O thread. So `zevid` has an `accept4` of
/// its own, which libzmq calls in place of the C library's: it closes what it accepts beyond the limit at
/// once, and says what libzmq expects to happen now and then, ECONNABORTED. It is linked into that program
/// alone; a program that embeds the broker looks after its own descriptors.
///
/// A part of the descriptors is never given to connections: the store, the log and the sockets that are put
/// back need some as well. It is an eighth of what the process may have, and at least 32.
///
/// How many connections were refused since the start. From any thread.
[[nodiscard]] std::uint64_t connections_refused() noexcept;

}  // namespace zevi::broker
