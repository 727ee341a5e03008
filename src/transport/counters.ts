/** What Kamailio's `tcp` statistics count. */
export interface StreamCounters {
  passive: number;
  connected: number;
  connectFailed: number;
  established: number;
  rejected: number;
  timeouts: number;
  sendTimeouts: number;
  queueFull: number;
  resets: number;
  received: number;
  sent: number;
}

export const streamCounters = (): StreamCounters => ({
  passive: 0,
  connected: 0,
  connectFailed: 0,
  established: 0,
  rejected: 0,
  timeouts: 0,
  sendTimeouts: 0,
  queueFull: 0,
  resets: 0,
  received: 0,
  sent: 0,
});
