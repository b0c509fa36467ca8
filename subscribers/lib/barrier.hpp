#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "zevi/wire/subscriber_messages.hpp"

namespace zevi::subscriber {

/// Which barriers were asked for, and what the broker said. A question is a subscription to `~ready.` and a
/// random number. The last one stays subscribed: libzmq repeats it at each reconnect, behind all topics, and
/// the broker answers it again.
class Barrier {
 public:
  /// The topic to subscribe to for a new question.
  [[nodiscard]] std::string ask();
  /// Takes the broker's word if it answers any of the questions.
  [[nodiscard]] bool answer(std::string_view topic, const wire::Ready& ready);
  /// The connection is gone, and with it what was live.
  void lose() noexcept { unconfirmed_.reset(); }

  /// How many publishers had not confirmed; nothing while there is no answer.
  [[nodiscard]] std::optional<std::uint64_t> unconfirmed() const noexcept { return unconfirmed_; }
  [[nodiscard]] std::size_t question_count() const noexcept { return questions_.size(); }
  /// Questions that are no longer needed, to be unsubscribed from.
  [[nodiscard]] std::vector<std::string> take_old_questions();

 private:
  std::vector<std::string> questions_;
  std::optional<std::uint64_t> unconfirmed_;
};

}  // namespace zevi::subscriber
