#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "replay_line.hpp"
#include "simulated_broker.hpp"

namespace zevi::simulation {

/// The SUB socket of a reader: messages in order, of which any may be lost, and what is left of a connection
/// when it breaks.
class Stream {
 public:
  explicit Stream(Random& random) : random_(random) {}

  void connect() { is_connected_ = true; }
  /// What the reader has not read yet may stay.
  void disconnect();
  void send(const Message& message, bool is_lossy);
  /// The answer to the barrier of this connection.
  void send_ready(std::uint64_t epoch) { queue_.emplace_back(epoch); }

  [[nodiscard]] bool is_connected() const noexcept { return is_connected_; }
  /// True if the connection broke since the last call.
  [[nodiscard]] bool take_loss() noexcept;
  using Item = std::variant<Message, std::uint64_t>;
  [[nodiscard]] std::optional<Item> receive();

 private:
  Random& random_;
  bool is_connected_ = false;
  bool was_lost_ = false;
  std::deque<Item> queue_;
};

/// The DEALER of a reader. Answers come in order; when it breaks, the rest never comes.
class Line final : public subscriber::ReplayLine {
 public:
  Line(Random& random, const Broker& broker) : random_(random), broker_(broker) {}

  /// Whether a broker is there to be asked.
  void set_up(bool is_up) noexcept;
  void cut() noexcept;
  /// Moves what is under way on, one thing at a time.
  void work();

  [[nodiscard]] bool ask(const std::string& question) override;
  [[nodiscard]] bool receive(std::vector<zmq::message_t>& frames) override;
  void hang_up() noexcept override;

 private:
  Random& random_;
  const Broker& broker_;
  bool is_up_ = true;
  bool is_open_ = false;
  bool is_dead_ = false;
  std::deque<std::string> questions_;
  std::deque<std::vector<std::string>> under_way_;
  std::deque<std::vector<std::string>> here_;
};

}  // namespace zevi::simulation
