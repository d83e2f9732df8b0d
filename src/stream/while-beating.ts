/** Waits for `work` and keeps the group membership meanwhile. */
export async function whileBeating<T>(work: Promise<T>, beat: () => Promise<void>): Promise<T> {
  const timer = setInterval(() => void beat(), 1_000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}
