/// A consumer with the C++ library and a cursor, which does what cursor_reader.py does and keeps the same
/// log:
///
///     cursor_reader --cursor FILE --log FILE TOPIC...

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>
#include <zevi/subscriber.hpp>

namespace {

using std::chrono::steady_clock;

constexpr auto look_round = std::chrono::milliseconds(50);
constexpr auto confirm_interval = std::chrono::milliseconds(100);
constexpr unsigned unconfirmed_max = 2000;

volatile std::sig_atomic_t stopped = 0;

/// `zevi_fault/reader_log.py` says what is in it.
class Log {
 public:
  explicit Log(const char* path) : file_(::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
    put("st");
    write();
  }

  void add(const zevi::Message& message) {
    if (const auto* event = message.event()) {
      put("ev", event->topic,
          {event->id, event->p, event->q, event->epoch, (*event)["n"].as_uint().value_or(0)});
    } else if (const auto* gap = message.gap()) {
      put("lo", gap->topic, {gap->count(), after_broker, gap->q_from, gap->q_to});
    } else if (const auto* before = message.lost_before()) {
      put("lo", before->topic, {before->count, before_broker});
    } else if (const auto* lost = message.lost_with_broker()) {
      put("lo", lost->topic, {lost->count(), with_broker, lost->p_from, lost->p_to, lost->id});
    } else if (const auto* changed = message.epoch_changed()) {
      put("ep", {}, {changed->from, changed->to});
    } else {
      put("hm");
    }
  }

  void confirming() {
    put("co");
    write();
  }
  void confirmed() {
    put("OK");
    write();
  }

 private:
  enum Place : std::uint64_t { after_broker, before_broker, with_broker };

  void put(const char* kind, std::string_view topic = {}, std::array<std::uint64_t, 5> numbers = {}) {
    const std::string index(topic.substr(topic.rfind('_') + 1));
    const auto topic_index = static_cast<std::uint16_t>(std::strtoul(index.c_str(), nullptr, 10));
    const std::uint64_t now_us = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now().time_since_epoch())
            .count());
    append(kind, 2);
    append(&topic_index, sizeof topic_index);
    append(numbers.data(), sizeof numbers);
    append(&now_us, sizeof now_us);
  }

  void append(const void* bytes, std::size_t size) { waiting_.append(static_cast<const char*>(bytes), size); }

  void write() {
    if (::write(file_, waiting_.data(), waiting_.size()) != static_cast<ssize_t>(waiting_.size())) {
      std::cerr << "cursor_reader: cannot write the log: " << std::strerror(errno) << '\n';
      std::_Exit(2);
    }
    waiting_.clear();
  }

  int file_;
  std::string waiting_;
};

void confirm(zevi::Subscriber& subscriber, Log& log) {
  log.confirming();
  subscriber.confirm();
  log.confirmed();
}

void run(const zevi::SubscriberOptions& options, Log& log) {
  zevi::Subscriber subscriber(options);
  std::cerr << "reading" << std::endl;
  unsigned unconfirmed = 0;
  steady_clock::time_point due;
  while (stopped == 0) {
    if (const zevi::Message* message = subscriber.next(look_round)) {
      log.add(*message);
      if (message->event() == nullptr) std::cerr << zevi::describe(*message) << std::endl;
      ++unconfirmed;
    }
    if (unconfirmed == 0 || (unconfirmed < unconfirmed_max && steady_clock::now() < due)) continue;
    confirm(subscriber, log);
    unconfirmed = 0;
    due = steady_clock::now() + confirm_interval;
  }
  confirm(subscriber, log);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 5 || arguments[0] != "--cursor" || arguments[2] != "--log") {
    std::cerr << "cursor_reader --cursor FILE --log FILE TOPIC...\n";
    return 2;
  }
  std::signal(SIGTERM, [](int) { stopped = 1; });
  zevi::SubscriberOptions options;
  options.topics.assign(arguments.begin() + 4, arguments.end());
  options.start = zevi::Start::oldest;
  options.cursor = arguments[1];
  options.confirm = zevi::Confirm::by_call;
  try {
    Log log(arguments[3].c_str());
    run(options, log);
  } catch (const std::exception& error) {
    std::cerr << "cursor_reader: error: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
