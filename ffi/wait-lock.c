/*
 * A thread that blocks in flock(2) and can be called off at any instant. The call-off is a signal whose handler jumps
 * out of the wait: unlike a handler that only interrupts, it also works when it comes just before flock is entered.
 * No headers exist where this is compiled.
 */
typedef unsigned int u32;
typedef unsigned long u64;

extern int *__errno_location(void);
extern void *malloc(u64 size);
extern void free(void *memory);
extern void *memset(void *memory, int value, u64 size);
extern int flock(int fd, int operation);
extern long write(int fd, const void *bytes, u64 length);
extern int prctl(int option, ...);
extern int sigaction(int number, const void *action, void *old);
extern int __sigsetjmp(void *place, int save_mask);
extern void siglongjmp(void *place, int value);
extern int pthread_create(u64 *thread, const void *attributes, void *(*run)(void *), void *argument);
extern int pthread_join(u64 thread, void **result);
extern int pthread_kill(u64 thread, int number);
extern int pthread_sigmask(int how, const void *set, void *old);
extern int pthread_key_create(u32 *key, void (*destroy)(void *));
extern int pthread_setspecific(u32 key, const void *value);
extern void *pthread_getspecific(u32 key);

enum { EINTR_ = 4, EBUSY_ = 16, ENOMEM_ = 12, PR_SET_NAME_ = 15, BLOCK = 0, UNBLOCK = 1, SET = 2 };
enum { LOWEST_REALTIME = 36, HIGHEST_REALTIME = 64 };

/* glibc's struct sigaction and sigset_t on 64-bit Linux */
struct action {
  void (*handler)(int);
  u64 mask[16];
  int flags;
  void (*restorer)(void);
};

struct waiter {
  long place[64]; /* sigjmp_buf: 200 bytes on x86-64, 312 on arm64 */
  u64 thread;
  volatile int is_called_off;
  int result;
  int fd;
  int operation;
  int out;
};

static u32 key;
static int has_key;
static int waiters;
static int number;
static u64 only_ours[16];

/* A thread that does not wait here has no value: a stray signal does nothing to it. */
static void jump_out(int ignored) {
  struct waiter *waiter = pthread_getspecific(key);
  if (waiter) siglongjmp(waiter->place, 1);
}

/* Takes a realtime signal nobody uses, for as long as there are waiters. */
static int take_signal(void) {
  struct action action;
  struct action old;
  if (!has_key) {
    int failure = pthread_key_create(&key, 0);
    if (failure) return failure;
    has_key = 1;
  }
  memset(&action, 0, sizeof action);
  action.handler = jump_out;
  for (number = HIGHEST_REALTIME; number >= LOWEST_REALTIME; number--) {
    if (sigaction(number, 0, &old) != 0 || old.handler != 0) continue;
    memset(only_ours, 0, sizeof only_ours);
    only_ours[0] = 1UL << (number - 1);
    return sigaction(number, &action, 0) == 0 ? 0 : *__errno_location();
  }
  return EBUSY_;
}

static void give_signal_back(void) {
  struct action action;
  memset(&action, 0, sizeof action);
  sigaction(number, &action, 0);
}

static void *run(void *argument) {
  struct waiter *waiter = argument;
  prctl(PR_SET_NAME_, "lock-wait", 0, 0, 0);
  pthread_setspecific(key, waiter);
  waiter->result = EINTR_;
  while (!waiter->is_called_off) {
    /* A jump comes back here with the signal blocked, as the mask was when the place was set. */
    if (__sigsetjmp(waiter->place, 1) == 0) {
      int result;
      pthread_sigmask(UNBLOCK, only_ours, 0);
      result = flock(waiter->fd, waiter->operation) == 0 ? 0 : *__errno_location();
      pthread_sigmask(BLOCK, only_ours, 0);
      if (result != EINTR_) {
        waiter->result = result;
        break;
      }
    }
  }
  write(waiter->out, "", 1);
  return 0;
}

/* Returns 0 and the waiter in *handle, or an errno. One byte comes on `out` when the wait is over. */
int wait_lock_start(int fd, int operation, int out, struct waiter **handle) {
  u64 all[16];
  u64 old[16];
  int failure;
  struct waiter *waiter = malloc(sizeof(struct waiter));
  if (waiter == 0) return ENOMEM_;
  memset(waiter, 0, sizeof(struct waiter));
  waiter->fd = fd;
  waiter->operation = operation;
  waiter->out = out;
  failure = waiters == 0 ? take_signal() : 0;
  if (failure) {
    free(waiter);
    return failure;
  }
  waiters++;
  memset(all, 255, sizeof all);
  pthread_sigmask(SET, all, old);
  failure = pthread_create(&waiter->thread, 0, run, waiter);
  pthread_sigmask(SET, old, 0);
  if (failure) {
    if (--waiters == 0) give_signal_back();
    free(waiter);
    return failure;
  }
  *handle = waiter;
  return 0;
}

void wait_lock_call_off(struct waiter **handle) {
  (*handle)->is_called_off = 1;
  pthread_kill((*handle)->thread, number);
}

/* Collects the thread; returns 0 when flock succeeded, EINTR when it was called off, or flock's errno. */
int wait_lock_finish(struct waiter **handle) {
  int result;
  pthread_join((*handle)->thread, 0);
  result = (*handle)->result;
  free(*handle);
  *handle = 0;
  if (--waiters == 0) give_signal_back();
  return result;
}
