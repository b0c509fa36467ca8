#include <chrono>
#include <thread>

#include "sender.hpp"
#include "zevi/publisher.hpp"

/// zevid, through the library that workers use. The address is the broker's runtime directory.
///
/// The full ring's policy is to wait, since the other clients too wait for their sockets.
namespace zevi::bench {

namespace {

PublisherOptions options_for(const SenderSetup& setup) {
  PublisherOptions options;
  options.runtime_dir = setup.address.c_str();
  options.full_policy = ZEVI_WAIT;
  options.wait_max_ns = 60'000'000'000;
  return options;
}

class ZeviSender final : public Sender {
 public:
  explicit ZeviSender(const SenderSetup& setup) : publisher_(options_for(setup)) {
    for (const std::string& name : setup.topics) topics_.push_back(publisher_.topic(name));
    while (publisher_.statistics().connected == 0 || !topics_.back().enabled()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  void send(std::size_t topic, const E_PROFILING_PROC& event, std::int64_t time_ns) override {
    topics_[topic].publish(event, EventTime(std::chrono::nanoseconds(time_ns)));
  }

  std::uint64_t finish() override {
    // What is not acknowledged when the process ends can be lost; no more than that is waited for.
    std::uint64_t unacknowledged = 0;
    static_cast<void>(publisher_.flush(std::chrono::seconds(30), &unacknowledged));
    return publisher_.statistics().dropped + unacknowledged;
  }

 private:
  Publisher publisher_;
  std::vector<Topic> topics_;
};

}  // namespace

std::unique_ptr<Sender> connect(const SenderSetup& setup) {
  return std::make_unique<ZeviSender>(setup);
}

}  // namespace zevi::bench
