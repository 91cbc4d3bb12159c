/*
 * Memory that is a file another process may make shorter: touching the part that is gone raises SIGBUS. For ranges that
 * are guarded the handler puts a page of zeros in its place, notes the loss, and the access goes on; any other SIGBUS is
 * what it was before. sigaction(2), mmap(2).
 */
typedef unsigned long u64;

extern int sigaction(int signal, const void *action, void *old);
extern void *mmap(void *address, u64 length, int protection, int flags, int fd, long offset);
extern int getpagesize(void);
extern int *__errno_location(void);
extern void *memset(void *to, int byte, u64 count);

enum { SIGBUS_ = 7, READ_WRITE = 3, PRIVATE_ANONYMOUS_FIXED = 0x32 };
#define FLAGS (0x4 /* SIGINFO */ | 0x08000000 /* ONSTACK */ | 0x40000000 /* NODEFER */)

struct info {
  int number;
  int error;
  int code;
  int padding;
  u64 address;
};

typedef void handler(int number, struct info *info, void *context);

/* glibc's struct sigaction on 64-bit Linux */
struct action {
  handler *run;
  u64 mask[16];
  int flags;
  void (*restorer)(void);
};

/* Lives in memory of the caller, who unlinks it before it goes. */
struct guard {
  struct guard *next;
  u64 start;
  u64 end;
  volatile long lost;
};

static struct guard *volatile guards;
static struct action before;
static u64 page_size;

static void on_bus(int number, struct info *info, void *context) {
  int kept = *__errno_location();
  struct guard *guard;
  for (guard = guards; guard; guard = guard->next) {
    if (info->address < guard->start || info->address >= guard->end) continue;
    guard->lost = 1;
    if (mmap((void *)(info->address & ~(page_size - 1)), page_size, READ_WRITE, PRIVATE_ANONYMOUS_FIXED, -1, 0) ==
        (void *)-1)
      break;
    *__errno_location() = kept;
    return;
  }
  if (before.flags & 0x4) {
    before.run(number, info, context);
  } else if (before.run != 0 && before.run != (handler *)1) {
    ((void (*)(int))before.run)(number);
  } else {
    /* The access is made again, and nobody catches its signal. */
    sigaction(number, &before, 0);
  }
  *__errno_location() = kept;
}

/* 0, or an errno */
int guard_add(struct guard *guard) {
  if (page_size == 0) {
    struct action action;
    memset(&action, 0, sizeof action);
    action.run = on_bus;
    action.flags = FLAGS;
    page_size = getpagesize();
    if (sigaction(SIGBUS_, &action, &before) != 0) {
      page_size = 0;
      return *__errno_location();
    }
  }
  guard->next = guards;
  guards = guard;
  return 0;
}

void guard_remove(struct guard *guard) {
  struct guard *volatile *link = &guards;
  while (*link && *link != guard) link = (struct guard *volatile *)&(*link)->next;
  if (*link) *link = guard->next;
}
