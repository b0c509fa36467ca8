#include "importer.hpp"

#include <poll.h>

#include <algorithm>
#include <iostream>
#include <utility>

#include "zevi/json.hpp"

namespace zevi::bridges {

namespace {

using namespace std::chrono_literals;

// Together no more than what the publishers' rings hold: events have 64 KiB at most.
constexpr std::size_t receive_max = 512;
constexpr std::size_t batch_bytes_max = std::size_t{2} * 1024 * 1024;

// How long it may take to be noticed that this is to stop.
constexpr std::chrono::milliseconds noticed_within = 200ms;

// A broker that is there answers well before this.
constexpr std::chrono::seconds broker_answers_within = 2s;

bool has_come_through(std::string_view origin, std::string_view name) {
  while (!origin.empty()) {
    const std::string_view side = origin.substr(0, origin.find(','));
    if (side == name) return true;
    origin.remove_prefix(std::min(origin.size(), side.size() + 1));
  }
  return false;
}

}  // namespace

Importer::Importer(Source& source, Unmapping& unmapping, LocalPublishers::Options local, std::string name,
                   std::string bus, BridgeState& state, EventFd& stop, const program::Log& log)
    : stop_(stop),
      source_(source),
      unmapping_(unmapping),
      local_(std::move(local)),
      name_(std::move(name)),
      bus_(std::move(bus)),
      log_(log),
      outage_(log, bus_, state.link),
      counters_(state.imported) {
  std::replace(bus_.begin(), bus_.end(), ',', ' ');
}

bool Importer::is_stopped() {
  is_stopped_ = is_stopped_ || stop_.take() != 0;
  return is_stopped_;
}

void Importer::run() {
  while (!is_stopped()) {
    const auto pause = std::chrono::ceil<std::chrono::milliseconds>(outage_.try_at() - Outage::Clock::now());
    if (!outage_.is_connected() && pause > 0ms) {
      pollfd item{stop_.fd(), POLLIN, 0};
      static_cast<void>(poll(&item, 1, static_cast<int>(pause.count())));
      continue;
    }
    try {
      if (!outage_.is_connected()) {
        source_.open();
        ++counters_.connections;
        outage_.note_connection(false);
      }
      bring_batch();
    } catch (const Error& error) {
      source_.close();
      outage_.note_failure(error.what());
    }
  }
  source_.close();
  count_published();
}

void Importer::bring_batch() {
  batch_.clear();
  source_.receive(batch_, receive_max, noticed_within);
  counters_.lost += source_.take_lost();
  std::size_t bytes = 0;
  for (const Incoming& message : batch_) {
    bytes += message.payload.size();
    if (bytes > batch_bytes_max) {
      if (!flush()) return;
      bytes = message.payload.size();
    }
    take(message);
    if (is_stopped_) return;
  }
  if (batch_.empty() || !flush()) return;
  source_.acknowledge();
  outage_.note_success();
}

void Importer::take(const Incoming& message) {
  ++counters_.received;
  BroughtIn event;
  if (const std::string problem = unmapping_.read(message, event); !problem.empty()) return refuse(problem);
  if (shows_only_) return show(message, event);
  if (has_come_through(event.origin, name_)) {
    ++counters_.returned;
    return;
  }
  if (event.origin.empty()) event.origin = bus_;
  if (local_.is_full_for(event)) {
    if (!flush()) return;
    local_.close();
  }
  publish(event);
}

void Importer::publish(const BroughtIn& event) {
  try {
    const Status status = local_.publish(event);
    if (status == Status::ok) {
      ++handed_over_;
    } else if (status == Status::unwanted) {
      ++counters_.unwanted;
    } else {
      refuse(text(status));
    }
  } catch (const Error& error) {
    refuse(error.what());
  }
}

void Importer::show(const Incoming& message, const BroughtIn& event) {
  std::string line = message.subject + ' ' + event.topic + ' ';
  append_json(line, event.params);
  std::cout << line << std::endl;
}

void Importer::refuse(std::string_view why) {
  ++counters_.refused;
  if (!refusal_lines_.admit(std::chrono::steady_clock::now())) return;
  const std::uint64_t others = refusal_lines_.suppressed();
  log_.warning("a message is no event: " + std::string(why) +
               (others == 0 ? "" : " (and " + std::to_string(others) + " before it)"));
}

/// Waits for the broker as long as it takes; false if asked to stop meanwhile.
bool Importer::flush() {
  const auto begin = std::chrono::steady_clock::now();
  bool is_told = false;
  while (!local_.flush(noticed_within)) {
    if (is_stopped()) return false;
    if (!is_told && !local_.connected() && std::chrono::steady_clock::now() - begin > broker_answers_within) {
      log_.info("waiting for a broker");
      is_told = true;
    }
  }
  if (is_told) log_.info("the broker is there");
  count_published();
  return true;
}

/// What the broker has refused is known only when it has answered for all.
void Importer::count_published() {
  const std::uint64_t invalid = local_.invalid();
  const std::uint64_t refused = invalid - std::exchange(invalid_, invalid);
  counters_.refused += refused;
  counters_.published += handed_over_ - std::min(handed_over_, refused);
  handed_over_ = 0;
}

}  // namespace zevi::bridges
