#include "admission.hpp"

#include "zevi/topic.hpp"
#include "zevi/wire/body.hpp"

namespace zevi::broker {

Admission::Admission(Counters& counters, Complaints& complaints)
    : counters_(counters), complaints_(complaints) {
  limit({});
}

void Admission::limit(const PublisherLimits& limits) {
  limits_ = limits;
  too_fast_ = "more than " + std::to_string(limits.events_per_second) + " events a second of one publisher";
  too_many_topics_ = "more than " + std::to_string(limits.topics) + " topics of one publisher";
}

std::string_view Admission::refusal(Publisher& publisher, const wire::EventsHeader& header,
                                    std::string_view body, const Now& now) {
  if (is_reserved_topic(header.t)) return "topics of the broker's own";
  if (!publisher.permission.covers(header.t)) return "the access list has no such topic for it";
  const wire::BodyCheck check = wire::check_body(body, header.n);
  if (!check) return wire::describe(check.error);
  if (is_full_) {
    counters_.add(Counter::events_refused_full, header.n);
    return "the broker's memory is at its limit";
  }
  if (is_too_fast(publisher, header.n, now)) return too_fast_;
  return catalogue_ ? refusal_by_catalogue(publisher, header, body) : std::string_view();
}

bool Admission::is_too_fast(Publisher& publisher, std::uint64_t events, const Now& now) const {
  const auto most = static_cast<double>(limits_.events_per_second);
  return most > 0 && !publisher.rate.take(static_cast<double>(events), most, most, now.steady);
}

std::string_view Admission::refusal_by_catalogue(const Publisher& publisher, const wire::EventsHeader& header,
                                                 std::string_view body) {
  const CataloguePolicy::Finding finding = catalogue_->check(header.t, body, header.n);
  if (finding.events == 0) return {};
  if (finding.policy == CatalogueRule::Policy::strict) return finding.reason;
  counters_.add(Counter::events_uncatalogued, finding.events);
  complaints_.add("an event that is not as in the catalogue", publisher.name->shown(), finding.reason);
  return {};
}

}  // namespace zevi::broker
