/**
 * What was made due by this process: a time that was, and that it has not passed, is no question to
 * the tables. They decide; this only remembers that they were read.
 */
export class DueIndex {
  private readonly made = new Map<string, number>();

  /** Makes it due unless that was done before, for this subject and a time as late. */
  async once(job: string, subject: string, dueTs: number, make: () => Promise<void>) {
    const key = `${job}|${subject}`;
    if ((this.made.get(key) ?? -Infinity) >= dueTs) return;
    await make();
    this.made.set(key, dueTs);
  }
}
