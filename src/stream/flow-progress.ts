/**
 * How far the log has come through the stages: the contract behind `tickloom flow wait`, the sync
 * points of a replay, and as-of barriers.
 */
export interface FlowProgress {
  /**
   * Resolves once all that was in the log at the call has passed every stage and can be read in
   * the tables: an empty list. At the timeout it says what is still open, one line each.
   */
  drain(timeoutMs: number): Promise<readonly string[]>;
}
