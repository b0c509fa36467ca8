/*
 * zevi/publisher_counters.h: the file in which a publisher keeps its counts, for programs that read it.
 *
 * A worker that is killed takes with it what its rings and its window held. With the option `counters_file`
 * of zevi/publisher.h it counts in a file that it has mapped, with plain stores, and the file stays when the
 * process is gone. Beside what the broker's readers saw it tells how many events were lost with the process:
 *
 *   lost_with_process = published - invalid - what was received of this `id`, for each topic
 *
 * (An event that was acknowledged has been received: lost_with_process is never more than
 * published - acknowledged - invalid.)
 *
 * Layout, version 1. Numbers are in the machine's own byte order, and each is written with one store, so that
 * the file may be read while the process lives; counts are then some events apart.
 *
 *   0                 zevi_counters_head
 *   names_at          topics_max names of name_bytes each, padded with NUL; the first `topics` are in use
 *   answers_at        topics_max zevi_counters_answered, by topic: what the broker said
 *   threads_at        `threads` blocks of topics_max zevi_counters_published, by topic: what threads did.
 *                     A topic's count is the sum over all blocks. A thread that ends leaves its block to the
 *                     next one that begins, which goes on counting in it.
 *
 * A file of a higher version has another layout; check magic and version first. Events that were lost because
 * a thread's ring could not be made, or that were begun before a fork, got no number and are not in here.
 */
#ifndef ZEVI_PUBLISHER_COUNTERS_H
#define ZEVI_PUBLISHER_COUNTERS_H

#include <stdint.h>

#define ZEVI_COUNTERS_MAGIC "ZEVICNT" /* 8 bytes with its NUL */
#define ZEVI_COUNTERS_VERSION 1

typedef struct zevi_counters_head {
  char magic[8];
  uint32_t version;
  uint32_t topics_max;
  uint32_t name_bytes;
  uint32_t names_at; /* offsets in the file, in bytes */
  uint32_t answers_at;
  uint32_t threads_at;
  uint64_t id;         /* of the publisher, as subscribers see it in each event */
  uint64_t pid;        /* of the process */
  int64_t started_ns;  /* when the file was made, nanoseconds since 1970 */
  uint64_t topics;     /* topics in use */
  uint64_t threads;    /* blocks that follow */
  uint64_t incomplete; /* threads and topics for which the file system had no room: not in the file */
  uint64_t closed;     /* 1 when the publisher was closed; 0 while it runs, and for ever if it was killed */
  char name[256];      /* of the program (`src`), padded with NUL */
} zevi_counters_head;

typedef struct zevi_counters_published {
  uint64_t published; /* events committed */
  uint64_t dropped;   /* events that were not kept, each of which has a number in its topic all the same */
} zevi_counters_published;

typedef struct zevi_counters_answered {
  uint64_t acknowledged; /* events that the broker acknowledged at their topic's level */
  uint64_t invalid;      /* events that the broker refused */
} zevi_counters_answered;

#endif
