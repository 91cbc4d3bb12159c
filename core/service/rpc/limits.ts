/** The bounds of the socket: what any one client can make the service hold or do. */

/** One request, its newline not counted. */
export const LONGEST_REQUEST = 1024 * 1024;
/** Of a line that is too long so much is read over, in search of its end. */
export const LONGEST_SKIP = 16 * LONGEST_REQUEST;
export const DEEPEST_NESTING = 64;

/** Requests answered before other clients get their turn. */
export const REQUESTS_A_TURN = 16;
export const PENDING_ACTIONS = 16;
export const TARGETS = 10_000;
/** What is held for the result of one target, about. */
export const A_RESULT = 512;
export const SUBSCRIPTIONS = 16;
export const ATTENDED = 500;
export const HISTORY = 100_000;
/** The journal is read in one go, for which all others wait. */
export const STRANGERS_HISTORY = 5_000;

/** With so many bytes unread by the client nothing more is read from it. */
export const UNREAD_BYTES = 256 * 1024;
/** Source events in one message. */
export const EVENTS_A_MESSAGE = 500;
/** Events of the kind `events` that wait for one slow subscriber. */
export const WAITING_EVENTS = 10_000;
/** Items of another kind that wait; beyond that the subscriber gets all of the kind anew. */
export const WAITING_ITEMS = 4_000;
/** What is held for one change that waits, about: the change itself is shared by all. */
export const A_WAITING_CHANGE = 128;

/** What one user's clients may take together. */
export interface Allowance {
  readonly connections: number;
  readonly bytes: number;
}

export const CONNECTIONS = 1024;
/** Root and the service's own user. */
export const OWN_ALLOWANCE: Allowance = { connections: CONNECTIONS, bytes: 512 * 1024 * 1024 };
export const STRANGER_ALLOWANCE: Allowance = { connections: 128, bytes: 64 * 1024 * 1024 };
/** All strangers together, so that the owner always finds room. */
export const STRANGERS = CONNECTIONS - 128;
