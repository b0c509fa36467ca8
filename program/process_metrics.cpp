#include "process_metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace zevi::program {

namespace {

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  std::uint64_t resident_pages = 0;
  statm >> pages >> resident_pages;
  return static_cast<double>(resident_pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double open_descriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator all("/proc/self/fd", error);
  return static_cast<double>(std::distance(begin(all), end(all)));
}

double cpu_seconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

double descriptors_max() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

void append_process_metrics(std::vector<MetricFamily>& all) {
  using Kind = MetricFamily::Kind;
  all.push_back(
      single_metric("process_resident_memory_bytes", "memory of the process", Kind::gauge, resident_bytes()));
  all.push_back(single_metric("process_cpu_seconds_total", "processor time of the process", Kind::counter,
                              cpu_seconds()));
  all.push_back(
      single_metric("process_open_fds", "file descriptors in use", Kind::gauge, open_descriptors()));
  all.push_back(
      single_metric("process_max_fds", "file descriptors that it may have", Kind::gauge, descriptors_max()));
}

}  // namespace zevi::program
