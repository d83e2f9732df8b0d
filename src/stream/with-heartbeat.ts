/** Waits for `work` and keeps the group membership meanwhile. */
export async function withHeartbeat<T>(
  work: Promise<T>,
  heartbeat: () => Promise<void>,
): Promise<T> {
  const timer = setInterval(() => void heartbeat(), 1_000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}
