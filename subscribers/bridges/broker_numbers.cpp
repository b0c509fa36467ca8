#include "broker_numbers.hpp"

#include <algorithm>

#include "control_client.hpp"
#include "zevi/error.hpp"
#include "zevi/subscriber/params.hpp"
#include "zevi/topic.hpp"

namespace zevi::bridges {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds good_for = 2s;
constexpr std::chrono::seconds answer_takes = 1s;

TopicNumbers ask_for_numbers(const std::string& runtime_dir) {
  cli::ControlOptions options;
  options.runtime_dir = runtime_dir;
  options.timeout = answer_takes;
  const cli::ControlRows answer = cli::ControlClient(options).ask("topics");
  TopicNumbers numbers;
  numbers.epoch = answer.epoch;
  for (const std::string& text : answer.rows) {
    const Params row(text);
    const std::string topic(row.find("topic").as_text().value_or(""));
    numbers.next[topic] = row.find("next_q").as_uint().value_or(0);
  }
  return numbers;
}

}  // namespace

std::optional<std::uint64_t> unread_events(
    const TopicNumbers& broker, const std::vector<std::string>& topics,
    const std::function<std::optional<std::uint64_t>(std::string_view)>& next_of) {
  std::vector<TopicFilter> filters(topics.begin(), topics.end());
  std::uint64_t sum = 0;
  for (const auto& [topic, next] : broker.next) {
    const auto matches = [&name = topic](const TopicFilter& filter) { return filter.matches(name); };
    if (std::none_of(filters.begin(), filters.end(), matches)) continue;
    const std::optional<std::uint64_t> here = next_of(topic);
    if (!here) return std::nullopt;
    // It may have read on since the broker was asked.
    sum += next - std::min(next, *here);
  }
  return sum;
}

const TopicNumbers* BrokerNumbers::of(const std::string& runtime_dir) {
  Answer& answer = answers_[runtime_dir];
  const Clock::time_point now = Clock::now();
  if (answer.at == Clock::time_point{} || now - answer.at > good_for) {
    answer.numbers.reset();
    try {
      answer.numbers = ask_for_numbers(runtime_dir);
    } catch (const Error&) {
      // There is no broker, or one that this bridge may not ask.
    }
    answer.at = Clock::now();
  }
  return answer.numbers ? &*answer.numbers : nullptr;
}

}  // namespace zevi::bridges
