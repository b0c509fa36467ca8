#pragma once

#include <mosquitto.h>
#include <poll.h>

#include <memory>
#include <string>

#include "zevi/error.hpp"

namespace zevi::bench {

inline void must(int code) {
  if (code != MOSQ_ERR_SUCCESS) throw Error(std::string("mosquitto: ") + mosquitto_strerror(code));
}

/// A connection to mosquitto's unix socket, without the library's thread: with it every publish would wake
/// that thread, and each event would cross a queue and a lock.
class MosquittoClient {
 public:
  /// `self` is what the callbacks are called with.
  MosquittoClient(const std::string& path, void* self) {
    mosquitto_lib_init();
    client_.reset(mosquitto_new(nullptr, true, self));
    if (client_ == nullptr) throw Error("mosquitto: no memory");
    // A port of 0 makes the host the path of a unix socket.
    must(mosquitto_connect(client_.get(), path.c_str(), 0, keepalive_seconds));
  }

  [[nodiscard]] mosquitto* get() const noexcept { return client_.get(); }

  /// Reads and writes what there is, waiting at most `wait_ms` for it.
  void loop(int wait_ms) { must(mosquitto_loop(get(), wait_ms, 1)); }

  /// True if `events` (POLLIN, POLLOUT) came up on the socket within `wait_ms`.
  [[nodiscard]] bool wait(short events, int wait_ms) const noexcept {
    pollfd socket{mosquitto_socket(get()), events, 0};
    return poll(&socket, 1, wait_ms) > 0;
  }

 private:
  static constexpr int keepalive_seconds = 600;
  struct Destroy {
    void operator()(mosquitto* client) const noexcept { mosquitto_destroy(client); }
  };
  std::unique_ptr<mosquitto, Destroy> client_;
};

}  // namespace zevi::bench
