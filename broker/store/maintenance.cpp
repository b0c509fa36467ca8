#include "maintenance.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "database.hpp"
#include "store_directory.hpp"
#include "stored_state.hpp"
#include "zevi/error.hpp"
#include "zevi/random_id.hpp"
#include "zevi/wire/subscriber_messages.hpp"

namespace zevi::broker {

namespace {

/// The ranges, topics and publishers' numbers that the messages themselves tell of.
class Findings {
 public:
  void add(const MessageKey& key, const MessageView& message) {
    events_ += message.n;
    RangeRow& range = ranges_[{key.segment, key.topic}];
    if (range.first_q == 0) range = {key.segment, key.topic, key.q, key.q, message.at, message.at, 0, 0};
    range.end_q = std::max(range.end_q, key.q + message.n);
    range.last_at = std::max(range.last_at, message.at);
    range.events += message.n;
    range.bytes += message.header.size() + message.body.size() + message.topic_name.size() +
                   MessageToStore::overhead_bytes;
    TopicRow& topic = topics_[key.topic];
    topic.number = key.topic;
    topic.name = message.topic_name;
    topic.next_q = std::max(topic.next_q, range.end_q);
    add_publishers(key.topic, message.header);
  }
  /// What was said in a row; whichever goes further counts.
  void add(const KeyValue& bytes) {
    TopicRow topic;
    PublisherRow publisher;
    PublisherTopicRow numbers;
    if (decode(bytes.first, bytes.second, topic)) {
      TopicRow& known = topics_[topic.number];
      topic.next_q = std::max(topic.next_q, known.next_q);
      known = topic;
    } else if (decode(bytes.first, bytes.second, publisher)) {
      PublisherRow& known = publishers_[publisher.id];
      if (publisher.s >= known.s) known = publisher;
    } else if (decode(bytes.first, bytes.second, numbers)) {
      PublisherTopicRow& known = numbers_[{numbers.id, numbers.topic}];
      if (numbers.stored_p >= known.stored_p) known = numbers;
    } else {
      add_epoch(bytes);
    }
  }

  /// The one that has not ended, of all that rows of any age name; a new one if none does.
  [[nodiscard]] std::uint64_t epoch() const {
    for (const std::uint64_t epoch : epochs_) {
      const auto is_this = [epoch](const auto& ended) { return ended.second.epoch == epoch; };
      if (std::none_of(ended_.begin(), ended_.end(), is_this)) return epoch;
    }
    return random_id();
  }

  [[nodiscard]] Changes rows() const {
    Changes changes;
    for (const auto& [key, row] : ranges_) changes.rows.push_back(encode(row));
    for (const auto& [key, row] : topics_) changes.rows.push_back(encode(row));
    for (const auto& [key, row] : publishers_) changes.rows.push_back(encode(row));
    for (const auto& [key, row] : numbers_) changes.rows.push_back(encode(row));
    for (const auto& [key, row] : ended_) changes.rows.push_back(encode(row));
    changes.rows.push_back(encode(EpochRow{epoch()}));
    return changes;
  }
  [[nodiscard]] std::string summary() const {
    return std::to_string(events_) + " events of " + std::to_string(topics_.size()) + " topics";
  }

 private:
  void add_epoch(const KeyValue& bytes) {
    EpochRow epoch;
    EndedRow ended;
    if (decode(bytes.first, bytes.second, epoch) && epoch.epoch != 0) epochs_.insert(epoch.epoch);
    if (decode(bytes.first, bytes.second, ended)) ended_[ended.order] = ended;
  }
  void add_publishers(std::uint32_t topic, std::string_view frame) {
    wire::StreamHeader header;
    if (wire::decode(frame, header) != wire::DecodeError::none) return;
    for (const wire::Run& run : header.r) {
      PublisherTopicRow& row = numbers_[{run.id, topic}];
      row.id = run.id;
      row.topic = topic;
      row.next_p = row.stored_p = std::max(row.stored_p, run.p + run.count);
    }
  }

  std::map<std::pair<std::uint64_t, std::uint32_t>, RangeRow> ranges_;
  std::map<std::uint32_t, TopicRow> topics_;
  std::map<std::uint64_t, PublisherRow> publishers_;
  std::map<std::pair<std::uint64_t, std::uint32_t>, PublisherTopicRow> numbers_;
  std::set<std::uint64_t> epochs_;
  std::map<std::uint64_t, EndedRow> ended_;
  std::uint64_t events_ = 0;
};

/// The numbers of a range that no message holds.
std::uint64_t count_missing(Database& database, const RangeRow& range, std::uint64_t& events,
                            std::string& fault) {
  std::uint64_t found = 0;
  const auto problem = database.read_messages(range.segment, range.topic, range.first_q,
                                              [&](const MessageKey&, const MessageView& message) {
                                                found += message.n;
                                                return true;
                                              });
  if (!problem.empty()) fault = problem;
  events += found;
  return range.end_q - range.first_q - std::min(found, range.end_q - range.first_q);
}

std::string check_contents(Database& database, const std::string& path, StoreReport& report) {
  const StoredState state = read_state(database, path);
  std::uint64_t events = 0;
  std::uint64_t missing = 0;
  std::string fault;
  for (const RangeRow& range : state.ranges) missing += count_missing(database, range, events, fault);
  report.text = "store " + path + ": epoch " + std::to_string(state.epoch) + ", " + std::to_string(events) +
                " events of " + std::to_string(state.topics.size()) + " topics, " +
                std::to_string(state.publishers.size()) + " publishers\n";
  if (missing > 0) {
    report.text += std::to_string(missing) +
                   " numbers between them are not there: damaged, or left out when the disk was too slow\n";
  }
  const std::string bad_bytes = database.verify();
  return bad_bytes.empty() ? fault : bad_bytes;
}

}  // namespace

StoreReport check_store_directory(const std::string& path) {
  StoreDirectory::check(path);
  const std::string database_path = StoreDirectory::database_path_in(path);
  check_is_not_used(database_path);
  StoreReport report;
  std::string fault;
  try {
    DatabaseOptions options;
    options.directory = database_path;
    options.is_read_only = true;
    const std::unique_ptr<Database> database = open_database(options);
    fault = check_contents(*database, path, report);
  } catch (const Error& error) {
    fault = error.what();
  }
  report.is_sound = fault.empty();
  report.text += report.is_sound ? "it is sound\n"
                                 : "it is damaged: " + fault + "\nzevid --repair-store " + path +
                                       " saves what can be read\n";
  return report;
}

StoreReport repair_store_directory(const std::string& path) {
  StoreDirectory::check_for_repair(path);
  check_is_not_used(StoreDirectory::database_path_in(path));
  StoreDirectory::begin_repair(path);
  Salvage salvage = repair_database(StoreDirectory::database_path_in(path));
  Database& database = *salvage.database;
  Findings findings;
  Changes removed;
  StoreReport report;
  std::string fault = database.read_rows([&](std::string_view key, std::string_view value) {
    findings.add(KeyValue(key, value));
    // All ranges are made anew, and what is no row goes.
    EndedRow ended;
    const bool is_kept = key.empty() || key.front() == TopicRow::kind || key.front() == PublisherRow::kind ||
                         key.front() == PublisherTopicRow::kind || key.front() == EpochRow::kind ||
                         decode(key, value, ended);
    if (!is_kept) removed.removed_rows.push_back({std::string(key), std::string(key) + '\0'});
  });
  for (const KeyValue& row : salvage.rows) findings.add(row);
  const std::string message_fault =
      database.read_all_messages([&](const MessageKey& key, const MessageView& message) {
        findings.add(key, message);
        return true;
      });
  const Changes rows = findings.rows();
  if (fault.empty()) fault = database.write({&removed, &rows}, true);
  const std::string closed = database.close();
  if (fault.empty()) fault = closed;
  if (!fault.empty()) throw Error("cannot repair store " + path + ": " + fault);
  StoreDirectory::repaired(path);
  end_repair(StoreDirectory::database_path_in(path));
  report.text = "store " + path + ": saved " + findings.summary() + "\n";
  if (salvage.files > 0) {
    report.text += std::to_string(salvage.files) + " damaged files are kept in " +
                   StoreDirectory::database_path_in(path) + "/lost; " + std::to_string(salvage.messages) +
                   " messages of them were saved\n";
  }
  if (!message_fault.empty()) report.text += "some messages cannot be read: " + message_fault + "\n";
  report.text += "the next broker takes a new epoch\n";
  return report;
}

}  // namespace zevi::broker
