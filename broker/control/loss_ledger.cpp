#include "loss_ledger.hpp"

#include <utility>

#include "zevi/topic.hpp"

namespace zevi::broker {

void LossLedger::add(Stage stage, const PublisherName& publisher, std::string_view topic,
                     std::uint64_t events, std::string_view reason) {
  if (events == 0) return;
  Account& found = account({.stage = stage,
                            .id = publisher.id,
                            .src = publisher.src,
                            .pid = publisher.pid,
                            .host = publisher.host,
                            .topic = std::string(is_topic(topic) ? topic : "")});
  found.events += events;
  if (!reason.empty()) found.reason = reason;
}

void LossLedger::add_of_reader(std::string_view src, std::uint64_t pid, std::string_view topic,
                               std::uint64_t events, std::uint64_t evicted) {
  Account& found =
      account({.stage = Stage::reader, .src = std::string(src), .pid = pid, .topic = std::string(topic)});
  found.events += events;
  found.evicted += evicted;
}

std::string LossLedger::key_of(const Account& account) {
  std::string key(name_of(account.stage));
  key.append(" ").append(account.topic).append(" ");
  // A reader has no id.
  if (account.stage != Stage::reader) return key.append(std::to_string(account.id));
  return key.append(std::to_string(account.pid)).append(" ").append(account.src);
}

LossLedger::Account& LossLedger::account(Account given) {
  std::string key = key_of(given);
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) {
    accounts_.splice(accounts_.begin(), accounts_, found->second);
    accounts_.front().src = std::move(given.src);
    accounts_.front().pid = given.pid;
    accounts_.front().host = std::move(given.host);
  } else {
    if (accounts_.size() >= accounts_max) forget_oldest();
    given.number = ++last_number_;
    accounts_.push_front(std::move(given));
    by_number_.emplace(last_number_, accounts_.begin());
    by_key_.emplace(std::move(key), accounts_.begin());
  }
  accounts_.front().last_ns = now_ns_;
  return accounts_.front();
}

void LossLedger::forget_oldest() {
  by_key_.erase(key_of(accounts_.back()));
  by_number_.erase(accounts_.back().number);
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
