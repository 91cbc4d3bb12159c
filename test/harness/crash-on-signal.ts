/** Preloaded into muster by a test: SIGUSR2 throws where nobody catches, SIGALRM rejects where nobody waits. */
process.on("SIGUSR2", () => {
  throw new Error("thrown by the test");
});
process.on("SIGALRM", () => {
  void Promise.reject(new Error("rejected by the test"));
});
