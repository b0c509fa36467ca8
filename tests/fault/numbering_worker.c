/*
 * A worker that publishes numbered events at a steady rate until SIGTERM, and keeps a journal of what
 * publishing answered for each, in a mapped file that outlives it when it is killed:
 *
 *   numbering_worker -j JOURNAL [-c COUNTERS] [-r EVENTS_PER_SECOND] [-t TOPICS] [-n EVENTS] [-b
 * PADDING_BYTES]
 *
 * The events {"n": 1}, {"n": 2}, ... go to E_FAULT_0, E_FAULT_1, ... in turn, each topic with numbers of its
 * own; -n ends it after so many. At its end it waits until the broker has acknowledged everything, closes,
 * prints what it counted as a line of JSON and exits 0, or 1 if that took longer than a minute.
 *
 * The journal begins with a journal_head. Behind it come `capacity` entries of 8 bytes for each topic: in
 * the lowest 4 bits the outcome (0 not published yet, 1 begun, 2 kept, 3 unwanted, 4 ring full, 5 anything
 * else), in the next 16 how long publishing took in units of 32 ns (the largest for everything longer),
 * above them the microseconds of CLOCK_MONOTONIC at which it began.
 */
#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "zevi/publisher.h"

enum { topics_max = 16, padding_max = 4096, entry_unit_ns = 32, entry_units_max = 0xffff };
enum { outcome_begun = 1, outcome_kept = 2, outcome_unwanted = 3, outcome_full = 4, outcome_other = 5 };

static const uint64_t entries_max = UINT64_C(1) << 24;
static const uint64_t flush_max_ns = UINT64_C(60) * 1000 * 1000 * 1000;
/* Events are published in groups, a group a tick. */
static const int64_t tick_ns = 1000000;

struct journal_head {
  char magic[8];
  uint64_t pid;
  uint64_t topics;
  uint64_t capacity; /* entries of each topic */
};

struct load {
  const char* journal;
  const char* counters;
  long rate;
  long topics;
  long events;
  long padding_bytes;
};

static struct load load = {.rate = 1000, .topics = 4, .events = -1, .padding_bytes = 20};
static volatile sig_atomic_t stopped;
static zevi_publisher* publisher;
static zevi_topic* topics[topics_max];
static uint64_t numbers[topics_max];
static volatile uint64_t* entries;
static uint64_t capacity;

static void stop(int number) {
  (void)number;
  stopped = 1;
}

static int64_t monotonic_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void wait_until(int64_t ns) {
  const int64_t left = ns - monotonic_ns();
  const struct timespec time = {left / 1000000000, left % 1000000000};
  if (left > 0) nanosleep(&time, NULL);
}

static void fail(const char* what, const char* why) {
  fprintf(stderr, "numbering_worker: %s: %s\n", what, why);
  exit(2);
}

static void open_journal(void) {
  struct journal_head* head;
  size_t bytes;
  void* memory;
  const int file = open(load.journal, O_RDWR | O_CREAT | O_EXCL, 0600);
  capacity = load.events < 0 ? entries_max : (uint64_t)load.events / (uint64_t)load.topics + 1;
  bytes = sizeof *head + (size_t)load.topics * capacity * sizeof *entries;
  if (file < 0 || ftruncate(file, (off_t)bytes) != 0) fail(load.journal, "cannot be made");
  memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) fail(load.journal, "cannot be mapped");
  close(file);
  head = memory;
  memcpy(head->magic, "ZEVIJRN", sizeof head->magic);
  head->pid = (uint64_t)getpid();
  head->topics = (uint64_t)load.topics;
  head->capacity = capacity;
  entries = (volatile uint64_t*)(head + 1);
}

static void open_publisher(void) {
  zevi_publisher_options options;
  char error[256];
  zevi_publisher_options_init(&options);
  options.counters_file = load.counters;
  if (zevi_publisher_open(&options, &publisher, error, sizeof error) != ZEVI_OK) fail("open", error);
  for (long i = 0; i < load.topics; ++i) {
    char name[32];
    snprintf(name, sizeof name, "E_FAULT_%ld", i);
    const zevi_status status = zevi_topic_open(publisher, name, ZEVI_NUL_TERMINATED, &topics[i]);
    if (status != ZEVI_OK) fail(name, zevi_status_text(status));
  }
}

static uint64_t outcome_of(zevi_status status) {
  switch (status) {
    case ZEVI_OK:
      return outcome_kept;
    case ZEVI_UNWANTED:
      return outcome_unwanted;
    case ZEVI_RING_FULL:
      return outcome_full;
    default:
      return outcome_other;
  }
}

static void publish(long which) {
  static const char padding[padding_max];
  volatile uint64_t* const entry = entries + (uint64_t)which * capacity + numbers[which];
  const int64_t begin = monotonic_ns();
  const uint64_t begun = (uint64_t)begin / 1000 << 20;
  zevi_event event;
  zevi_status status;
  int64_t units;
  *entry = begun | outcome_begun;
  zevi_event_begin(topics[which], 0, &event);
  zevi_put_uint(&event, "n", ++numbers[which]);
  zevi_put_bytes(&event, "padding", padding, (size_t)load.padding_bytes);
  status = zevi_event_commit(&event);
  units = (monotonic_ns() - begin) / entry_unit_ns;
  if (units > entry_units_max) units = entry_units_max;
  *entry = begun | (uint64_t)units << 4 | outcome_of(status);
}

static void run(void) {
  const int64_t begin = monotonic_ns();
  int64_t done = 0;
  for (int64_t tick = begin; !stopped; tick += tick_ns) {
    int64_t due;
    wait_until(tick);
    /* What was missed while the process stood still is not made up for. */
    if (monotonic_ns() - tick > 100 * tick_ns) tick = monotonic_ns();
    due = (tick - begin) / tick_ns * load.rate / 1000 - (tick - tick_ns - begin) / tick_ns * load.rate / 1000;
    for (; due > 0 && !stopped; --due, ++done) {
      if (done == load.events) return;
      if (numbers[done % load.topics] == capacity) fail(load.journal, "it is full");
      publish((long)(done % load.topics));
    }
  }
}

static int end(void) {
  zevi_statistics counts = {.size = sizeof counts};
  const zevi_status flushed = zevi_publisher_flush(publisher, flush_max_ns, NULL);
  zevi_publisher_statistics(publisher, &counts);
  printf("{\"flushed\": %s, \"published\": %" PRIu64 ", \"acknowledged\": %" PRIu64 ", \"resent\": %" PRIu64
         ", \"dropped\": %" PRIu64 ", \"suppressed\": %" PRIu64 "}\n",
         flushed == ZEVI_OK ? "true" : "false", counts.published, counts.acknowledged, counts.resent,
         counts.dropped, counts.suppressed);
  zevi_publisher_close(publisher);
  return flushed == ZEVI_OK ? 0 : 1;
}

static void read_options(int argc, char** argv) {
  for (int option; (option = getopt(argc, argv, "j:c:r:t:n:b:")) != -1;) {
    if (option == 'j') load.journal = optarg;
    if (option == 'c') load.counters = optarg;
    if (option == 'r') load.rate = atol(optarg);
    if (option == 't') load.topics = atol(optarg);
    if (option == 'n') load.events = atol(optarg);
    if (option == 'b') load.padding_bytes = atol(optarg);
  }
  if (load.journal == NULL || load.rate < 1 || load.topics < 1 || load.topics > topics_max ||
      load.padding_bytes < 0 || load.padding_bytes > padding_max) {
    fail("wrong usage", "see the head of numbering_worker.c");
  }
}

int main(int argc, char** argv) {
  const struct sigaction action = {.sa_handler = stop};
  sigaction(SIGTERM, &action, NULL);
  read_options(argc, argv);
  open_journal();
  open_publisher();
  fprintf(stderr, "publishing\n");
  run();
  return end();
}
