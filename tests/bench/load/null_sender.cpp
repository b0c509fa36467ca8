#include "sender.hpp"

/// No broker: what the load generator itself costs, to be taken off the others' figures.
namespace zevi::bench {

namespace {

class NullSender final : public Sender {
 public:
  void send(std::size_t, const E_PROFILING_PROC& event, std::int64_t) override {
    const std::string_view encoded = event_.encode(event);
    asm volatile("" : : "r"(encoded.data()) : "memory");
  }
  std::uint64_t finish() override { return 0; }

 private:
  EncodedEvent event_;
};

}  // namespace

std::unique_ptr<Sender> connect(const SenderSetup&) {
  return std::make_unique<NullSender>();
}

}  // namespace zevi::bench
