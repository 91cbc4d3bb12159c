/** The macros of wait(2), on the status word kept for a member that has exited. */

export const WIFSIGNALED = (status: number): boolean => (status & 0x7f) !== 0 && (status & 0x7f) !== 0x7f;
export const WIFEXITED = (status: number): boolean => (status & 0x7f) === 0;
/** Only if WIFEXITED. */
export const WEXITSTATUS = (status: number): number => (status >> 8) & 0xff;
/** Only if WIFSIGNALED. */
export const WTERMSIG = (status: number): number => status & 0x7f;
/** Only if WIFSIGNALED. */
export const WCOREDUMP = (status: number): boolean => WIFSIGNALED(status) && (status & 0x80) !== 0;
