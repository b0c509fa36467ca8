#pragma once

#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "replay_line.hpp"
#include "zevi/curve_keys.hpp"
#include "zevi/subscriber.hpp"

namespace zevi::subscriber {

/// The DEALER that asks the broker's history. It is made at the first question, where the broker is then, and
/// does not connect again by itself.
class ReplaySocket final : public ReplayLine {
 public:
  ReplaySocket(zmq::context_t& context, const SubscriberOptions& options);

  [[nodiscard]] bool ask(const std::string& question) override;
  [[nodiscard]] bool receive(std::vector<zmq::message_t>& frames) override;
  void hang_up() noexcept override;

  /// Null while there is no connection.
  [[nodiscard]] void* handle() noexcept { return socket_ ? socket_->handle() : nullptr; }

 private:
  [[nodiscard]] bool connect();

  zmq::context_t& context_;
  const std::string runtime_dir_;
  const std::string fixed_endpoint_;
  const CurveClient curve_;
  std::optional<zmq::socket_t> socket_;
};

}  // namespace zevi::subscriber
