#include "publisher_registry.hpp"

#include <algorithm>

namespace zevi::broker {

Publisher* PublisherRegistry::by_connection(std::string_view routing_id) const {
  const auto found = by_connection_.find(routing_id);
  return found == by_connection_.end() ? nullptr : found->second;
}

Publisher* PublisherRegistry::by_id(std::uint64_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second.get();
}

Publisher& PublisherRegistry::add(std::shared_ptr<const PublisherName> name, SteadyTime now) {
  auto publisher = std::make_unique<Publisher>();
  publisher->name = std::move(name);
  publisher->last_seen = now;
  return *by_id_.emplace(publisher->name->id, std::move(publisher)).first->second;
}

Publisher& PublisherRegistry::restore(std::shared_ptr<const PublisherName> name, std::uint64_t s,
                                      bool may_have_lost, SteadyTime now) {
  Publisher& publisher = add(std::move(name), now);
  publisher.last_s = publisher.written_s = publisher.synced_s = s;
  publisher.live = false;
  publisher.may_have_lost = may_have_lost;
  publisher.numbered_elsewhere = may_have_lost;
  return publisher;
}

void PublisherRegistry::attach(Publisher& publisher, std::string_view routing_id) {
  if (publisher.routing_id == routing_id) return;
  if (Publisher* const other = by_connection(routing_id); other != nullptr) other->routing_id.clear();
  by_connection_.erase(publisher.routing_id);
  publisher.routing_id = routing_id;
  by_connection_.insert_or_assign(publisher.routing_id, &publisher);
}

void PublisherRegistry::end(Publisher& publisher) {
  publisher.live = false;
  publisher.ended = "goodbye";
}

std::uint64_t PublisherRegistry::unconfirmed(std::uint64_t generation) const {
  std::uint64_t count = 0;
  for_each_live([&](const Publisher& publisher) {
    if (publisher.confirmed_generation < generation) ++count;
  });
  return count;
}

void PublisherRegistry::forget_ended(SteadyTime now, const std::function<void(std::uint64_t)>& on_forgotten) {
  std::vector<Publisher*> ended;
  for (const auto& [id, publisher] : by_id_) {
    if (!publisher->live) ended.push_back(publisher.get());
  }
  std::size_t excess = ended.size() > ended_max ? ended.size() - ended_max : 0;
  if (excess > 0) {
    std::sort(ended.begin(), ended.end(), [](auto* a, auto* b) { return a->last_seen < b->last_seen; });
  }
  for (Publisher* const publisher : ended) {
    if (excess == 0 && now - publisher->last_seen < keep_ended) continue;
    if (excess > 0) --excess;
    by_connection_.erase(publisher->routing_id);
    const std::uint64_t id = publisher->name->id;
    by_id_.erase(id);
    if (on_forgotten) on_forgotten(id);
  }
}

}  // namespace zevi::broker
