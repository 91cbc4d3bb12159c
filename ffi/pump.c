/*
 * One thread that waits in epoll and writes what it hears into a stream socket the JavaScript loop reads. No headers exist
 * where this is compiled.
 */
typedef unsigned int u32;
typedef unsigned long u64;

extern int *__errno_location(void);
extern void *malloc(u64 size);
extern void free(void *memory);
extern void *memcpy(void *to, const void *from, u64 size);
extern int epoll_wait(int epoll, void *events, int room, int timeout);
extern long write(int fd, const void *bytes, u64 length);
extern int prctl(int option, ...);
extern int pthread_create(u64 *thread, const void *attributes, void *(*run)(void *), void *argument);
extern int pthread_join(u64 thread, void **result);
extern int pthread_sigmask(int how, const void *set, void *old);

enum { EINTR_ = 4, SIG_SETMASK_ = 2, PR_SET_NAME_ = 15, ROOM = 64, LARGEST_EVENT = 16 };

struct record {
  u32 events;
  u32 unused;
  u64 id;
};

/* struct epoll_event is packed on x86-64 only: its size and the place of its data come from the caller. */
struct pump {
  int epoll;
  int out;
  int event_size;
  int data_offset;
};

static void *run(void *argument) {
  struct pump pump = *(struct pump *)argument;
  unsigned char events[ROOM * LARGEST_EVENT];
  struct record records[ROOM];
  int stop = 0;
  free(argument);
  prctl(PR_SET_NAME_, "epoll-pump", 0, 0, 0);
  while (!stop) {
    int index;
    int count = epoll_wait(pump.epoll, events, ROOM, -1);
    if (count < 0) {
      if (*__errno_location() == EINTR_) continue;
      break;
    }
    for (index = 0; index < count; index++) {
      unsigned char *event = events + index * pump.event_size;
      memcpy(&records[index].events, event, sizeof(u32));
      records[index].unused = 0;
      memcpy(&records[index].id, event + pump.data_offset, sizeof(u64));
      /* Id 0 is the request to stop; it is passed on last of all, as the word that the thread is done. */
      if (records[index].id == 0) stop = 1;
    }
    /* A blocking socket takes all of it or fails. */
    if (count > 0 && write(pump.out, records, count * sizeof(struct record)) < 0) break;
  }
  return 0;
}

/* Returns 0 and the thread, or an errno. All signals stay with the other threads. */
int pump_start(int epoll, int out, int event_size, int data_offset, u64 *thread) {
  u64 all[16];
  u64 old[16];
  int index;
  int failure;
  struct pump *pump = malloc(sizeof(struct pump));
  if (pump == 0) return 12;
  pump->epoll = epoll;
  pump->out = out;
  pump->event_size = event_size;
  pump->data_offset = data_offset;
  for (index = 0; index < 16; index++) all[index] = ~0UL;
  pthread_sigmask(SIG_SETMASK_, all, old);
  failure = pthread_create(thread, 0, run, pump);
  pthread_sigmask(SIG_SETMASK_, old, 0);
  if (failure) free(pump);
  return failure;
}

int pump_join(u64 *thread) {
  return pthread_join(*thread, 0);
}
