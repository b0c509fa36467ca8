#include "nats_answers.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

namespace zevi::bridges {

namespace {

/// JetStream's code for a message larger than its stream takes.
constexpr int message_too_large = 10054;

std::uint64_t number_behind(std::string_view subject) {
  const std::string_view digits = subject.substr(subject.rfind('.') + 1);
  std::uint64_t number = 0;
  static_cast<void>(std::from_chars(digits.data(), digits.data() + digits.size(), number));
  return number;
}

}  // namespace

void NatsAnswers::hear(natsMsg* message) {
  const std::uint64_t number = number_behind(natsMsg_GetSubject(message));
  {
    const std::lock_guard lock(mutex_);
    if (is_jetstream_) {
      hear_of_stream(number, message);
    } else {
      report_.acknowledged_to = std::max(report_.acknowledged_to, number);
    }
  }
  wake();
}

void NatsAnswers::hear_of_stream(std::uint64_t number, natsMsg* message) {
  if (natsMsg_IsNoResponders(message)) {
    problem_ = "no stream takes such a subject: make one, or give --set stream=NAME";
    return;
  }
  const std::string_view text(natsMsg_GetData(message),
                              static_cast<std::size_t>(natsMsg_GetDataLength(message)));
  if (text.find("\"error\"") == std::string_view::npos) {
    report_.acknowledged.push_back(number);
    return;
  }
  const nlohmann::json answer = nlohmann::json::parse(text, nullptr, false);
  const nlohmann::json error =
      answer.is_object() ? answer.value("error", nlohmann::json()) : nlohmann::json();
  const std::string words = error.is_object() ? error.value("description", "no reason given") : "no JSON";
  if (error.is_object() && error.value("err_code", 0) == message_too_large) {
    report_.refused.push_back({number, words});
  } else {
    problem_ = "the stream does not take it: " + words;
  }
}

void NatsAnswers::take(Report& report) {
  calm();
  const std::lock_guard lock(mutex_);
  report = std::exchange(report_, {});
}

std::string NatsAnswers::take_problem() {
  const std::lock_guard lock(mutex_);
  return std::exchange(problem_, {});
}

}  // namespace zevi::bridges
