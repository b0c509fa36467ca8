#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "catalogue_policy.hpp"
#include "metrics/counters.hpp"
#include "publisher.hpp"
#include "runtime/complaints.hpp"
#include "zevi/broker.hpp"
#include "zevi/wire/publisher_messages.hpp"

namespace zevi::broker {

/// Decides which batches are taken in: what is well-formed, allowed to its publisher, within the limits and
/// as the catalogue wants it. Belongs to the routing thread.
class Admission {
 public:
  Admission(Counters& counters, Complaints& complaints);

  /// From now on, these hold. A window counts from the next hello.
  void limit(const PublisherLimits& limits);
  [[nodiscard]] const PublisherLimits& limits() const noexcept { return limits_; }
  [[nodiscard]] std::string_view too_many_topics() const noexcept { return too_many_topics_; }
  /// From now on events are compared with a catalogue; none: they are not.
  void compare_with(std::optional<CataloguePolicy> catalogue) { catalogue_ = std::move(catalogue); }
  /// From now on nothing is taken in (true), or everything again: the memory is at its limit.
  void refuse_all(bool refuses) noexcept { is_full_ = refuses; }

  /// Why a batch is not taken in, valid until the next call; empty if it is.
  [[nodiscard]] std::string_view refusal(Publisher& publisher, const wire::EventsHeader& header,
                                         std::string_view body, const Now& now);

 private:
  [[nodiscard]] bool is_too_fast(Publisher& publisher, std::uint64_t events, const Now& now) const;
  [[nodiscard]] std::string_view refusal_by_catalogue(const Publisher& publisher,
                                                      const wire::EventsHeader& header,
                                                      std::string_view body);

  Counters& counters_;
  Complaints& complaints_;
  std::optional<CataloguePolicy> catalogue_;
  PublisherLimits limits_;
  std::string too_fast_;
  std::string too_many_topics_;
  bool is_full_ = false;
};

}  // namespace zevi::broker
