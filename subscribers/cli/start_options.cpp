#include "start_options.hpp"

#include <charconv>
#include <ctime>
#include <sstream>
#include <vector>

#include "quantities.hpp"
#include "zevi/topic.hpp"

namespace zevi::cli {

namespace {

namespace po = program::po;

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || rest != text.data() + text.size() || number == 0) return std::nullopt;
  return number;
}

/// The first number wanted, of one topic or of all that were asked for.
void read_number(std::string_view from, SubscriberOptions& options) {
  const std::size_t equals = from.find('=');
  const bool has_topic = equals != std::string_view::npos;
  const auto q = parse_number(has_topic ? from.substr(equals + 1) : from);
  const std::string_view topic = has_topic ? from.substr(0, equals) : std::string_view();
  if (!q || (has_topic && !is_topic(topic))) {
    throw program::UsageError("--from is start, a number from 1, or TOPIC=NUMBER, not '" + std::string(from) +
                              "'");
  }
  if (has_topic) {
    options.start_numbers[std::string(topic)] = *q;
    return;
  }
  for (const std::string& name : options.topics) {
    if (name.ends_with('*')) {
      throw program::UsageError(
          "--from " + std::string(from) + " says nothing about the topics of '" + name +
          "', each of which has its own numbers; give --from TOPIC=" + std::string(from));
    }
    options.start_numbers[name] = *q;
  }
}

void read_from(const po::variables_map& values, SubscriberOptions& options) {
  const auto& all = values["from"].as<std::vector<std::string>>();
  for (const std::string& from : all) {
    if (from != "start") {
      read_number(from, options);
    } else if (all.size() > 1) {
      throw program::UsageError(
          "--from start begins at the oldest of every topic; leave out the other --from");
    } else {
      options.start = Start::oldest;
    }
  }
}

void read_since(const po::variables_map& values, SubscriberOptions& options) {
  const auto& text = values["since"].as<std::string>();
  options.since = parse_time(text);
  if (options.since) return;
  std::istringstream in(text);
  program::Duration ago;
  try {
    in >> ago;
  } catch (const std::exception&) {
    in.setstate(std::ios::failbit);
  }
  if (!in || in.peek() != std::istringstream::traits_type::eof()) {
    throw program::UsageError("--since is how long ago (30s, 5m, 24h) or a time (2024-05-31T14:03), not '" +
                              text + "'");
  }
  options.since = std::chrono::system_clock::now() -
                  std::chrono::duration_cast<std::chrono::system_clock::duration>(ago.value);
}

void read_last(const po::variables_map& values, SubscriberOptions& options) {
  const auto& text = values["last"].as<std::string>();
  options.last = parse_number(text);
  if (!options.last) {
    throw program::UsageError("--last is a number of events from 1, not '" + text + "'");
  }
}

/// Refuses what says two things, and what needs the history where there is none.
void check(const po::variables_map& values) {
  const auto is_given = [&](const char* name) { return values.count(name) != 0; };
  std::string beginning;
  for (const char* const name : {"from", "since", "last"}) {
    if (!is_given(name)) continue;
    if (!beginning.empty()) {
      throw program::UsageError("--" + beginning + " and --" + name +
                                " both say where to begin; give one of them");
    }
    beginning = name;
  }
  if (beginning.empty() && is_given("cursor")) beginning = "cursor";
  if (beginning.empty()) {
    if (is_given("no-follow")) {
      throw program::UsageError(
          "--no-follow ends behind the history; say which with --from, --since, --last or --cursor");
    }
    return;
  }
  if (is_given("events")) {
    throw program::UsageError("--" + beginning +
                              " needs the history, which --events has not; leave one of them out");
  }
  if (is_given("no-repair")) {
    throw program::UsageError("--" + beginning +
                              " needs the history, which --no-repair leaves alone; leave one of them out");
  }
  if (!values["endpoint"].as<std::string>().empty() && values["replay"].as<std::string>().empty()) {
    throw program::UsageError("--" + beginning +
                              " needs the history; give --replay ENDPOINT beside --endpoint");
  }
}

/// Digits at the front of `text`, exactly so many.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  int value = 0;
  if (text.size() < count) return std::nullopt;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + count, value);
  if (error != std::errc{} || rest != text.data() + count || value < 0) return std::nullopt;
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char character) {
  if (text.empty() || text.front() != character) return false;
  text.remove_prefix(1);
  return true;
}

/// `:SS` and its fraction.
std::optional<std::chrono::nanoseconds> take_seconds(std::string_view& text, std::tm& time) {
  std::chrono::nanoseconds fraction{0};
  if (!take(text, ':')) return fraction;
  const auto second = take_digits(text, 2);
  if (!second || *second > 60) return std::nullopt;
  time.tm_sec = *second;
  if (!take(text, '.')) return fraction;
  std::int64_t unit = 1'000'000'000;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    unit /= 10;
    fraction += std::chrono::nanoseconds(unit * (text.front() - '0'));
    text.remove_prefix(1);
  }
  return fraction;
}

/// Seconds since 1970 of a time that is written in the zone behind it.
std::optional<std::time_t> in_zone(std::string_view zone, std::tm time) {
  if (zone.empty()) {
    time.tm_isdst = -1;
    return std::mktime(&time);
  }
  const std::time_t utc = timegm(&time);
  if (zone == "Z" || zone == "z") return utc;
  const bool is_east = zone.front() == '+';
  if (!is_east && zone.front() != '-') return std::nullopt;
  zone.remove_prefix(1);
  const auto hours = take_digits(zone, 2);
  static_cast<void>(take(zone, ':'));
  const auto minutes = take_digits(zone, 2);
  if (!hours || !minutes || !zone.empty()) return std::nullopt;
  const std::time_t offset = *hours * 3600 + *minutes * 60;
  return is_east ? utc - offset : utc + offset;
}

}  // namespace

std::optional<std::chrono::system_clock::time_point> parse_time(std::string_view text) {
  std::tm time{};
  const auto year = take_digits(text, 4);
  const bool has_month = take(text, '-');
  const auto month = take_digits(text, 2);
  const bool has_day = take(text, '-');
  const auto day = take_digits(text, 2);
  if (!year || !has_month || !month || !has_day || !day) return std::nullopt;
  if (*month < 1 || *month > 12 || *day < 1 || *day > 31) return std::nullopt;
  time.tm_year = *year - 1900;
  time.tm_mon = *month - 1;
  time.tm_mday = *day;
  std::optional<std::chrono::nanoseconds> fraction = std::chrono::nanoseconds{0};
  if (take(text, 'T') || take(text, ' ')) {
    const auto hour = take_digits(text, 2);
    const bool has_minute = take(text, ':');
    const auto minute = take_digits(text, 2);
    if (!hour || !has_minute || !minute || *hour > 23 || *minute > 59) return std::nullopt;
    time.tm_hour = *hour;
    time.tm_min = *minute;
    fraction = take_seconds(text, time);
  }
  if (!fraction) return std::nullopt;
  const auto seconds = in_zone(text, time);
  if (!seconds) return std::nullopt;
  return std::chrono::system_clock::from_time_t(*seconds) +
         std::chrono::duration_cast<std::chrono::system_clock::duration>(*fraction);
}

void add_start_options(program::OptionTable& table) {
  table.visible.add_options()(
      "from", po::value<std::vector<std::string>>()->value_name("start|Q|TOPIC=Q"),
      "begin at the oldest event that the broker has, or at number Q of the topics, or of "
      "TOPIC (repeatable)");
  table.visible.add_options()("since", po::value<std::string>()->value_name("TIME"),
                              "begin with what came in since then: 5m (ago), 2024-05-31T14:03, ...Z");
  table.visible.add_options()("last", po::value<std::string>()->value_name("N"),
                              "begin N events of each topic back");
  table.visible.add_options()(
      "cursor", po::value<std::string>()->default_value("")->value_name("FILE"),
      "go on where the last run with this file ended; it is kept up to what was printed");
  table.visible.add_options()("no-follow",
                              "stop behind what the broker has, instead of going on with what is live");
  table.visible.add_options()("no-repair",
                              "report what was missed at once instead of fetching it from the history");
  table.visible.add_options()("replay", po::value<std::string>()->default_value("")->value_name("ENDPOINT"),
                              "where the history is, beside --endpoint");
}

void read_start_options(const po::variables_map& given, SubscriberOptions& options) {
  po::variables_map values = given;
  // An empty name is the default.
  if (values["cursor"].as<std::string>().empty()) values.erase("cursor");
  check(values);
  if (values.count("from") != 0) read_from(values, options);
  if (values.count("since") != 0) read_since(values, options);
  if (values.count("last") != 0) read_last(values, options);
  if (values.count("cursor") != 0) options.cursor = values["cursor"].as<std::string>();
  options.confirm = Confirm::by_call;
  options.follow = values.count("no-follow") == 0;
  options.repair = values.count("no-repair") == 0;
  options.replay_endpoint = values["replay"].as<std::string>();
}

}  // namespace zevi::cli
