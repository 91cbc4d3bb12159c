/*
 * A client of jobd in C, as libjob is one: the structures are laid out by the compiler, one request goes out in one write,
 * the reply and the list behind it are read with one read each. No headers exist where this is compiled.
 */
typedef unsigned long u64;
typedef unsigned int u32;

extern int *__errno_location(void);
extern int socket(int domain, int type, int protocol);
extern int connect(int fd, const void *address, u32 length);
extern int close(int fd);
extern long read(int fd, void *to, u64 length);
extern long write(int fd, const void *from, u64 length);
extern int getpid(void);
extern int clock_gettime(int clock, void *time);
extern void *memset(void *to, int byte, u64 length);
extern char *strcpy(char *to, const char *from);

struct hdr { int req; int err; int size; };
struct create { struct hdr hdr; u64 r_jid; u64 jid; int pid; int user; int options; };
struct getjid { struct hdr hdr; u64 r_jid; int pid; };
struct waitjid { struct hdr hdr; u64 r_jid; u64 jid; int stat; int options; };
struct killjid { struct hdr hdr; int r_val; u64 jid; int sig; };
struct jidcnt { struct hdr hdr; int r_val; };
struct jidlst { struct hdr hdr; int r_val; u64 *jid; };
struct ofjid { struct hdr hdr; int r_val; u64 jid; };
struct pidlst { struct hdr hdr; int r_val; int *pid; u64 jid; };
struct sethid { struct hdr hdr; u64 r_hid; u64 hid; };
struct runcsa { struct hdr hdr; int r_val; int run; };

struct address { unsigned short family; char path[108]; };

enum { MONOTONIC = 1, GONE = -1000 };

static struct address where;

void use_socket(const char *path) {
  where.family = 1;
  strcpy(where.path, path);
}

/* 0, or the negative errno of the call or the reply; GONE when the other end closed without one. */
static int ask(int request, void *message, int size, void *list, u64 element) {
  struct hdr *hdr = message;
  int result = 0;
  int fd = socket(1, 1, 0);
  if (fd < 0) return -*__errno_location();
  hdr->req = request;
  hdr->size = size;
  if (connect(fd, &where, sizeof where) < 0 || write(fd, message, size) != size) result = -*__errno_location();
  else {
    long length = read(fd, message, size);
    if (length < 0) result = -*__errno_location();
    else if (length != size) result = GONE;
    else if (hdr->err) result = -hdr->err;
    else if (list && ((struct jidlst *)message)->r_val > 0) {
      long wanted = ((struct jidlst *)message)->r_val * element;
      if (read(fd, list, wanted) != wanted) result = GONE;
    }
  }
  close(fd);
  return result;
}

/* Each returns 0 or a negative errno; what was asked for goes to `out`. */
int c_create(u64 jid, int pid, int user, u64 *out) {
  struct create m;
  int result;
  memset(&m, 0, sizeof m);
  m.jid = jid;
  m.pid = pid ? pid : getpid();
  m.user = user;
  m.options = 7;
  result = ask(1, &m, sizeof m, 0, 0);
  *out = m.r_jid;
  return result;
}

int c_of_pid(int request, int pid, u64 jid, u64 *out) {
  struct getjid m;
  int result;
  memset(&m, 0, sizeof m);
  m.r_jid = jid;
  m.pid = pid;
  result = ask(request, &m, sizeof m, 0, 0);
  *out = m.r_jid;
  return result;
}

int c_waitjid(u64 jid, int options, u64 *out) {
  struct waitjid m;
  int result;
  memset(&m, 0, sizeof m);
  m.jid = jid;
  m.options = options;
  result = ask(5, &m, sizeof m, 0, 0);
  out[0] = m.r_jid;
  out[1] = (u32)m.stat;
  return result;
}

int c_killjid(u64 jid, int sig, u64 *out) {
  struct killjid m;
  int result;
  memset(&m, 0, sizeof m);
  m.jid = jid;
  m.sig = sig;
  result = ask(6, &m, sizeof m, 0, 0);
  *out = (u32)m.r_val;
  return result;
}

int c_getjidcnt(u64 *out) {
  struct jidcnt m;
  int result;
  memset(&m, 0, sizeof m);
  result = ask(9, &m, sizeof m, 0, 0);
  *out = (u32)m.r_val;
  return result;
}

int c_getjidlist(u64 *list, int capacity, u64 *out) {
  struct jidlst m;
  int result;
  memset(&m, 0, sizeof m);
  m.r_val = capacity;
  m.jid = list;
  result = ask(10, &m, sizeof m, list, sizeof(u64));
  *out = (u32)m.r_val;
  return result;
}

int c_getpidlist(u64 jid, int *list, int capacity, u64 *out) {
  struct pidlst m;
  int result;
  memset(&m, 0, sizeof m);
  m.r_val = capacity;
  m.pid = list;
  m.jid = jid;
  result = ask(12, &m, sizeof m, list, sizeof(int));
  *out = (u32)m.r_val;
  return result;
}

/* GETPIDCNT, GETUSER, GETPRIMEPID, DETACHJID */
int c_of_jid(int request, u64 jid, u64 *out) {
  struct ofjid m;
  int result;
  memset(&m, 0, sizeof m);
  m.jid = jid;
  result = ask(request, &m, sizeof m, 0, 0);
  *out = (u32)m.r_val;
  return result;
}

int c_sethid(u64 hid, u64 *out) {
  struct sethid m;
  int result;
  memset(&m, 0, sizeof m);
  m.hid = hid;
  result = ask(19, &m, sizeof m, 0, 0);
  *out = m.r_hid;
  return result;
}

int c_runcsa(int run, u64 *out) {
  struct runcsa m;
  int result;
  memset(&m, 0, sizeof m);
  m.run = run;
  result = ask(23, &m, sizeof m, 0, 0);
  *out = (u32)m.r_val;
  return result;
}

static double seconds_now(void) {
  long time[2];
  clock_gettime(MONOTONIC, time);
  return time[0] + time[1] / 1e9;
}

/* Seconds that so many requests take, one after the other; negative when one of them failed. */
double c_many_getjidcnt(int count) {
  double begun = seconds_now();
  u64 out;
  while (count--) if (c_getjidcnt(&out) != 0) return -1;
  return seconds_now() - begun;
}

double c_many_getpidlist(u64 jid, int *list, int capacity, int count) {
  double begun = seconds_now();
  u64 out;
  while (count--) if (c_getpidlist(jid, list, capacity, &out) != 0 || out != capacity) return -1;
  return seconds_now() - begun;
}
