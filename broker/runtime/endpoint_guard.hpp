#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "bind.hpp"
#include "clock.hpp"
#include "metrics/counters.hpp"
#include "runtime_directory.hpp"
#include "zevi/broker.hpp"

namespace zevi::broker {

/// Puts back the socket files of bound `ipc://` endpoints that somebody removed or replaced. Without its file
/// a socket serves those who are connected, and nobody else finds it.
///
/// It binds the endpoint once more and leaves the old listener, a descriptor, as it is: with it libzmq would
/// close the connections that it has accepted. A file that another program listens on is not taken away.
///
/// Belongs to the routing thread.
class EndpointGuard {
 public:
  static constexpr std::chrono::seconds interval{1};

  /// `directory` is the one that the broker holds, or null.
  EndpointGuard(RuntimeDirectory* directory, Counters& counters,
                std::function<void(LogLevel, std::string_view)> log);
  /// Removes the files that are still in place; libzmq would leave them behind.
  ~EndpointGuard();
  EndpointGuard(const EndpointGuard&) = delete;
  EndpointGuard& operator=(const EndpointGuard&) = delete;

  /// `endpoint` is one that `socket` was just bound to. It lives longer than the guard.
  void watch(zmq::socket_ref socket, const Endpoint& endpoint);

  /// To be called in every round; looks once a second.
  void check(SteadyTime now);

 private:
  struct Watched {
    zmq::socket_ref socket;
    Endpoint endpoint;
    std::string path;
    dev_t device = 0;
    ino_t inode = 0;
    std::string fault{};  ///< why it could not be put back; told once, and tried again every second

    void remember();
    /// The listener keeps the inode from being used for another file.
    [[nodiscard]] bool is_in_place() const noexcept;
  };

  /// Calls `restore`, which says whether it had something to do, and tells of it or of its failure.
  template <typename Restore>
  void attempt(std::string& fault, const std::string& thing, Restore restore);
  void tell(LogLevel level, std::string_view text) const;

  RuntimeDirectory* directory_;
  Counters& counters_;
  std::function<void(LogLevel, std::string_view)> log_;
  std::vector<Watched> watched_;
  SteadyTime next_check_{};
  std::string directory_fault_;
};

}  // namespace zevi::broker
