#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "address.hpp"
#include "zevi/error.hpp"

namespace zevi::ingest {

/// OpenSIPS answered, with an error.
class MiRefused : public Error {
 public:
  using Error::Error;
};

/// The address of this machine at which an OpenSIPS that is asked at `mi` reaches it. Throws `zevi::Error`.
[[nodiscard]] std::string host_towards(const Address& mi);

/// Asks OpenSIPS over its Management Interface: JSON-RPC over the modules mi_datagram (unix or udp) and
/// mi_fifo. Used by one thread.
class MiClient {
 public:
  /// How long an answer is waited for.
  static constexpr std::chrono::seconds answer_time_max{2};

  /// `reply_dir` is the directory for the file to which OpenSIPS writes its answer: with a FIFO the module's
  /// own `reply_dir`, with a unix socket any in which OpenSIPS may reach a socket.
  MiClient(Address address, std::string reply_dir);

  /// Calls a method with its parameters, a JSON object, and waits for the answer. Throws `MiRefused` if it
  /// is an error, and `zevi::Error` if there is none.
  void call(const std::string& method, const std::string& params);

  [[nodiscard]] const Address& address() const noexcept { return address_; }

 private:
  [[nodiscard]] std::string over_datagram(const std::string& request);
  [[nodiscard]] std::string over_fifo(const std::string& request);
  [[nodiscard]] std::string reply_name();

  Address address_;
  std::string reply_dir_;
  std::uint64_t next_id_;
};

}  // namespace zevi::ingest
