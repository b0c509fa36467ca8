#include "loss_ledger.hpp"

#include <algorithm>

#include "zevi/topic.hpp"

namespace zevi::broker {

void LossLedger::add(Stage stage, const PublisherName& publisher, std::string_view topic,
                     std::uint64_t events, std::string_view reason) {
  if (events == 0) return;
  Account& found = account(stage, std::to_string(publisher.id), is_topic(topic) ? topic : "");
  found.id = publisher.id;
  found.src = publisher.src;
  found.pid = publisher.pid;
  found.host = publisher.host;
  found.events += events;
  if (!reason.empty()) found.reason = reason;
}

void LossLedger::add_of_reader(std::string_view src, std::uint64_t pid, std::string_view topic,
                               std::uint64_t events, std::uint64_t evicted) {
  Account& found = account(Stage::reader, std::to_string(pid) + " " + std::string(src), topic);
  found.src = src;
  found.pid = pid;
  found.events += events;
  found.evicted += evicted;
}

LossLedger::Account& LossLedger::account(Stage stage, std::string_view owner, std::string_view topic) {
  std::string key(name_of(stage));
  key.append(" ").append(topic).append(" ").append(owner);
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) {
    accounts_.splice(accounts_.begin(), accounts_, found->second);
  } else {
    if (accounts_.size() >= accounts_max) forget_oldest();
    accounts_.push_front({.number = ++last_number_, .stage = stage, .topic = std::string(topic)});
    by_number_.emplace(last_number_, accounts_.begin());
    keys_.emplace(last_number_, key);
    by_key_.emplace(std::move(key), accounts_.begin());
  }
  accounts_.front().last_ns = now_ns_;
  return accounts_.front();
}

void LossLedger::forget_oldest() {
  const std::uint64_t number = accounts_.back().number;
  by_key_.erase(keys_.at(number));
  keys_.erase(number);
  by_number_.erase(number);
  accounts_.pop_back();
}

std::string_view name_of(LossLedger::Stage stage) noexcept {
  switch (stage) {
    case LossLedger::Stage::dropped:
      return "dropped";
    case LossLedger::Stage::invalid:
      return "invalid";
    case LossLedger::Stage::expired:
      return "expired";
    case LossLedger::Stage::reader:
      break;
  }
  return "reader";
}

}  // namespace zevi::broker
