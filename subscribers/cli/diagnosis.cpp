#include "diagnosis.hpp"

#include <algorithm>
#include <map>

#include "printable.hpp"
#include "row.hpp"
#include "units.hpp"
#include "zevi/json.hpp"

namespace zevi::cli {

namespace {

/// The broker looks once a second, so that a reader is named after a few looks.
constexpr std::uint64_t still_ns = 3'000'000'000;
/// A reader at the limit of its speed takes some, but the kernel is never empty for it.
constexpr std::uint64_t slow_ns = 10'000'000'000;
/// What is on its way to a busy reader at any moment.
constexpr std::uint64_t slow_bytes = 64 * 1024;

std::string text_of(const Params& row, std::string_view key) {
  return printable(row.find(key).as_text().value_or(""));
}

std::string counted(std::uint64_t events) {
  return count_text(static_cast<double>(events)) + (events == 1 ? " event" : " events");
}

std::string time_text(std::uint64_t ns) {
  return duration_text(std::chrono::nanoseconds(ns));
}

class Examination {
 public:
  Examination(const BrokerAccount& account, const DiagnosisOptions& options)
      : account_(account),
        options_(options),
        now_ns_(account.stats.at_ns),
        stats_(account.stats.rows.empty() ? Params() : Params(account.stats.rows.front())) {
    for (const std::string& raw : account.config.rows) {
      const Params row(raw);
      config_[text_of(row, "option")] = text_of(row, "value");
    }
  }

  std::vector<Trouble> run() {
    look_at_store();
    for (const std::string& row : account_.readers.rows) look_at_reader(Params(row));
    for (const std::string& row : account_.losses.rows) look_at_loss(Params(row));
    for (const std::string& row : account_.publishers.rows) look_at_end(Params(row));
    return std::move(found_);
  }

 private:
  [[nodiscard]] std::uint64_t age_of(std::uint64_t time_ns) const {
    return now_ns_ > time_ns ? now_ns_ - time_ns : 0;
  }
  [[nodiscard]] bool is_recent(std::uint64_t time_ns) const {
    return age_of(time_ns) <= static_cast<std::uint64_t>(options_.since.count());
  }

  Trouble about(std::string kind, std::string name, std::uint64_t pid) const {
    Trouble trouble;
    trouble.kind = std::move(kind);
    trouble.name = std::move(name);
    trouble.pid = pid;
    trouble.process = options_.process(pid);
    return trouble;
  }

  /// `worker (pid 4711: /usr/sbin/worker -f)`.
  static std::string who(const Trouble& trouble) {
    std::string text = trouble.name;
    if (trouble.pid != 0) {
      text += (text.empty() ? "pid " : " (pid ") + std::to_string(trouble.pid);
      if (!trouble.process.command.empty()) text += ": " + trouble.process.command;
      if (!trouble.name.empty()) text += ")";
    }
    return text.empty() ? "somebody" : text;
  }

  static std::string remedy_unless_stopped(const Trouble& trouble, std::string otherwise) {
    if (!trouble.process.is_stopped) return otherwise;
    return "It is stopped: kill -CONT " + std::to_string(trouble.pid) + " lets it go on.";
  }

  void look_at_store() {
    const Params store = stats_.find("store").entries();
    if (text_of(store, "state") == "degraded") {
      Trouble trouble;
      trouble.kind = "store_degraded";
      trouble.events = uint_of(store, "left_out");
      trouble.text = "The store in " + text_of(store, "directory") +
                     " takes nothing more: " + text_of(store, "reason") + ". " + counted(trouble.events) +
                     " since then are in memory alone, and would be lost with the broker.";
      trouble.remedy =
          "Make room on that disk, or let the store take less of it (zevid --store-size); if its files are "
          "damaged, stop the broker and run zevid --repair-store.";
      found_.push_back(std::move(trouble));
      return;
    }
    const std::uint64_t left_out = uint_of(stats_.find("recent").entries(), "store_left_out");
    if (left_out == 0) return;
    Trouble trouble;
    trouble.kind = "store_left_out";
    trouble.events = left_out;
    trouble.text =
        counted(left_out) + " of the last minute did not reach the store: its disk was too slow or failed.";
    trouble.remedy =
        "Put the store on a faster disk (zevid --store), or let publishers wait for it (zevid --ack "
        "PREFIX=written).";
    found_.push_back(std::move(trouble));
  }

  /// The topic that comes most often of those that a reader asks for, and how many events come of all.
  struct Stream {
    std::string busiest;
    double rate = 0;
  };
  [[nodiscard]] Stream stream_of(const Params& reader) const {
    Stream stream;
    double most = -1;
    for (const std::string& raw : account_.topics.rows) {
      const Params topic(raw);
      const std::string name = text_of(topic, "topic");
      bool is_wanted = false;
      for (const Value& prefix : reader.find("prefixes").items()) {
        is_wanted = is_wanted || name.starts_with(prefix.as_text().value_or(""));
      }
      if (!is_wanted) continue;
      const double rate = topic.find("rate").as_double().value_or(0);
      stream.rate += rate;
      if (rate > most) {
        most = rate;
        stream.busiest = name;
      }
    }
    return stream;
  }

  [[nodiscard]] std::string queue_option(std::string_view endpoint) const {
    const char* const name = endpoint == "events" ? "events-queue" : "subscriber-budget";
    const auto value = config_.find(name);
    return std::string("zevid --") + name + (value == config_.end() ? "" : ", now " + value->second);
  }

  void look_at_reader(const Params& reader) {
    const std::uint64_t still = uint_of(reader, "still_since_ns");
    const std::uint64_t waiting = uint_of(reader, "waiting_since_ns");
    const std::uint64_t bytes = uint_of(reader, "unread_bytes");
    const bool is_stopped = still != 0 && age_of(still) >= still_ns;
    const bool is_slow = waiting != 0 && age_of(waiting) >= slow_ns && bytes >= slow_bytes;
    if (!is_stopped && !is_slow) return;
    const std::uint64_t pid = uint_of(reader, "pid");
    Trouble trouble = about(is_stopped ? "reader_stopped" : "reader_slow",
                            pid == 0 ? text_of(reader, "peer") : std::string(), pid);
    const Stream stream = stream_of(reader);
    trouble.topic = stream.busiest;
    trouble.bytes = bytes;
    trouble.for_ns = age_of(is_stopped ? still : waiting);
    const std::string endpoint = text_of(reader, "endpoint");
    trouble.text = "The reader " + who(trouble) + " at " + endpoint +
                   (is_stopped ? " has read nothing for " : " reads more slowly than events come, for ") +
                   time_text(trouble.for_ns) + ": " + bytes_text(bytes) + " wait in the kernel for it, and " +
                   rate_text(stream.rate) + " of its topics come" +
                   (stream.busiest.empty() ? "" : ", mostly " + stream.busiest) +
                   ". What its queue cannot hold is lost to it, and to nobody else.";
    trouble.remedy = remedy_unless_stopped(
        trouble, "See what it waits for, or let it subscribe to less; a longer queue (" +
                     queue_option(endpoint) + ") carries it over longer bursts alone.");
    found_.push_back(std::move(trouble));
  }

  void look_at_loss(const Params& loss) {
    if (!is_recent(uint_of(loss, "last_ns"))) return;
    const std::string stage = text_of(loss, "stage");
    Trouble trouble = about({}, text_of(loss, "src"), uint_of(loss, "pid"));
    trouble.topic = text_of(loss, "topic");
    trouble.events = uint_of(loss, "events");
    trouble.for_ns = age_of(uint_of(loss, "last_ns"));
    const std::string of_topic = trouble.topic.empty() ? "" : " of " + trouble.topic;
    const std::string when = ", the last " + time_text(trouble.for_ns) + " ago";
    if (stage == "reader") {
      describe_reader_loss(trouble, uint_of(loss, "evicted"), of_topic, when);
    } else if (stage == "dropped") {
      trouble.kind = "publisher_dropped";
      trouble.text = "The publisher " + who(trouble) + " dropped " + counted(trouble.events) + of_topic +
                     " before the broker" + when +
                     ": its ring was full, or the broker did not take them fast enough.";
      trouble.remedy =
          "Give it a larger ring (ring_bytes of its options), or let it wait for room instead of dropping "
          "(full_policy); let the broker keep or send less of that topic.";
    } else if (stage == "invalid") {
      const std::string reason = text_of(loss, "reason");
      trouble.kind = "events_invalid";
      trouble.text = "The broker refused " + counted(trouble.events) + of_topic + " from the publisher " +
                     who(trouble) + when + ": " + reason + ".";
      trouble.remedy = reason.find("access list") != std::string::npos
                           ? "Let it publish that topic in the access list (zevid --access), or mend its "
                             "configuration."
                           : "Mend that program: what it sends breaks the rules of schema/WIRE.md.";
    } else {
      trouble.kind = "events_expired";
      trouble.text = counted(trouble.events) + of_topic + " from the publisher " + who(trouble) +
                     " were too old when they came" + when + ".";
      trouble.remedy =
          "Set its clock right, see why its events come late, or allow more age (zevid --max-age).";
    }
    found_.push_back(std::move(trouble));
  }

  static void describe_reader_loss(Trouble& trouble, std::uint64_t evicted, const std::string& of_topic,
                                   const std::string& when) {
    trouble.kind = evicted == 0 ? "reader_lost" : "history_short";
    trouble.text = "The reader " + who(trouble) + " lost " + counted(trouble.events) + of_topic +
                   " behind the broker" + when;
    if (evicted == 0) {
      trouble.text += ": it did not keep up, and did not fetch them from the history.";
      trouble.remedy =
          "Let it repair what it misses (zevi sub without --no-repair), or give it a longer queue (zevid "
          "--subscriber-budget).";
      return;
    }
    trouble.text += "; when it asked for them, the history held " + counted(evicted) + " of them no longer.";
    trouble.remedy = "Let the broker keep more of that topic (zevid --history " + trouble.topic +
                     "=256MB), or keep it on the disk too (zevid --store).";
  }

  void look_at_end(const Params& publisher) {
    const std::string ended = text_of(publisher, "ended");
    if (ended != "gone" && ended != "silent") return;
    if (!is_recent(uint_of(publisher, "last_seen_ns"))) return;
    Trouble trouble = about(ended == "gone" ? "publisher_died" : "publisher_silent",
                            text_of(publisher, "src"), uint_of(publisher, "pid"));
    // The number may be another process's by now.
    if (ended == "gone") trouble.process = {};
    trouble.events = uint_of(publisher, "events");
    trouble.for_ns = age_of(uint_of(publisher, "last_seen_ns"));
    trouble.text = "The publisher " + who(trouble) + " on " + text_of(publisher, "host") +
                   (ended == "gone" ? " died without goodbye " : " has said nothing since ") +
                   time_text(trouble.for_ns) + " ago, after " + counted(trouble.events) +
                   ". What it still held is not counted.";
    trouble.remedy =
        ended == "gone"
            ? "See why it ended; with the option counters_file its last losses can be counted too."
            : remedy_unless_stopped(trouble, "See whether it hangs, or is cut off from the broker.");
    found_.push_back(std::move(trouble));
  }

  const BrokerAccount& account_;
  const DiagnosisOptions& options_;
  const std::uint64_t now_ns_;
  const Params stats_;
  std::map<std::string, std::string, std::less<>> config_;
  std::vector<Trouble> found_;
};

struct LedgerLine {
  std::uint64_t taken_in;
  std::uint64_t lost_before;
  std::uint64_t invalid;
  std::uint64_t expired;
  std::uint64_t lost_after;

  explicit LedgerLine(const Params& counters)
      : taken_in(uint_of(counters, "events_received")),
        lost_before(uint_of(counters, "events_lost_before")),
        invalid(uint_of(counters, "events_invalid")),
        expired(uint_of(counters, "events_expired")),
        lost_after(uint_of(counters, "events_lost_after")) {}

  /// Expired ones were taken in first.
  [[nodiscard]] std::uint64_t passed_on() const { return taken_in - std::min(taken_in, expired); }
  [[nodiscard]] std::uint64_t sent() const { return passed_on() + lost_before; }
};

}  // namespace

std::vector<Trouble> diagnose(const BrokerAccount& account, const DiagnosisOptions& options) {
  return Examination(account, options).run();
}

std::string ledger_text(const Params& stats) {
  const LedgerLine line(stats.find("counters").entries());
  return counted(line.sent()) + " sent = " + count_text(static_cast<double>(line.passed_on())) +
         " passed on + " + count_text(static_cast<double>(line.lost_before)) +
         " lost before the broker; readers report " + count_text(static_cast<double>(line.lost_after)) +
         " lost behind it";
}

void append_ledger_json(std::string& out, const Params& stats) {
  const LedgerLine line(stats.find("counters").entries());
  out += R"({"sent":)" + std::to_string(line.sent()) + R"(,"passed_on":)" + std::to_string(line.passed_on()) +
         R"(,"lost_before":)" + std::to_string(line.lost_before) + R"(,"invalid":)" +
         std::to_string(line.invalid) + R"(,"expired":)" + std::to_string(line.expired) +
         R"(,"lost_after":)" + std::to_string(line.lost_after) + "}";
}

}  // namespace zevi::cli
